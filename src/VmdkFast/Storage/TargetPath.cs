namespace VmdkFast.Storage;

/// <summary>What stands at a name that a new file is to have.</summary>
static class TargetPath
{
    /// <summary>The file at a name, opened for reading; null when there is none.</summary>
    internal static LocalFile? TryOpen(string path)
    {
        try
        {
            return LocalFile.Open(path, FileAccessMode.Read);
        }
        catch (VmdkException missing) when (missing.Code == VmdkErrorCode.FileMissing)
        {
            return null;
        }
    }

    /// <summary>Where a link leads, so that it stays a link; the name itself when it is none.</summary>
    internal static string ResolveLinks(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            // Nothing is there yet; a missing folder is found by the creation.
            return path;
        }
    }
}
