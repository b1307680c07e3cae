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

    /// <summary>A name behind which nothing stands: with a suffix, or with that and a number.</summary>
    internal static string FreeName(string path, string suffix)
    {
        for (int number = 1; ; number++)
        {
            string name = number == 1 ? path + suffix : $"{path}{suffix}-{number}";
            if (new FileInfo(name) is { Exists: false, LinkTarget: null } && !Directory.Exists(name))
            {
                return name;
            }
        }
    }

    /// <summary>Gives a file the next free name with a suffix; nothing is replaced.</summary>
    /// <returns>That name.</returns>
    internal static string SetAside(string path, string suffix)
    {
        while (true)
        {
            string name = FreeName(path, suffix);
            try
            {
                Platform.Current.Rename(path, name, replace: false);
                return name;
            }
            catch (VmdkException taken) when (taken.Code == VmdkErrorCode.TargetRefused)
            {
                // Somebody was quicker; the next name then.
            }
        }
    }

    /// <summary>Gives a file that was set aside its name again, if that is possible.</summary>
    internal static void PutBack(string from, string to)
    {
        try
        {
            Platform.Current.Rename(from, to, replace: false);
        }
        catch (VmdkException)
        {
            // The failure that led here is the one to report.
        }
    }

    /// <summary>The names of the files in the folder in which a path lies.</summary>
    /// <exception cref="VmdkException">The folder may not be read.</exception>
    internal static IReadOnlyList<string> NamesBeside(string path)
    {
        string folder = Path.GetDirectoryName(path) is { Length: > 0 } named ? named : ".";
        try
        {
            return [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file))];
        }
        catch (UnauthorizedAccessException refusal)
        {
            throw new VmdkException(
                VmdkErrorCode.AccessRefused, folder, "the folder may not be read", inner: refusal);
        }
    }
}
