using VmdkFast.Format;
using VmdkFast.Opening;
using VmdkFast.Storage;

namespace VmdkFast.Creating;

/// <summary>The parent of a new disk, open and locked against writers until the child is there.</summary>
sealed class ParentLink : IDisposable
{
    readonly OpenedImage _image;

    ParentLink(OpenedImage image, uint contentId, string hint)
    {
        _image = image;
        ContentId = contentId;
        FileNameHint = hint;
    }

    /// <summary>The parent's CID, for the child's parentCID.</summary>
    internal uint ContentId { get; }

    /// <summary>Where the parent is, seen from the child's folder.</summary>
    internal string FileNameHint { get; }

    internal long LengthBytes => _image.Top.LengthBytes;

    /// <summary>The parent's content, its own parents' included.</summary>
    internal Extents.Layer Content => _image.Top;

    /// <summary>Every file of the parent's chain: the child must not replace one.</summary>
    internal HashSet<FileIdentity> Files => [.. _image.Files.Select(file => file.Identity)];

    /// <summary>Opens a parent.</summary>
    /// <exception cref="VmdkException">It is no VMDK, cannot be opened, or cannot be a parent.</exception>
    internal static ParentLink Open(string path, VmdkOpenOptions options, string childPath)
    {
        OpenedImage image = ImageOpener.Open(path, options);
        try
        {
            uint? contentId = image.Layers[0].Descriptor?.ContentId;
            if (contentId is null or DescriptorValue.NoParent)
            {
                throw new VmdkException(
                    VmdkErrorCode.DescriptorInvalid, path, "the image cannot be a parent: children know it by its CID",
                    null, DescriptorKeys.ContentId, contentId is null ? "no descriptor" : "ffffffff",
                    "a content ID");
            }

            return new ParentLink(image, contentId.Value, HintFor(path, childPath));
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _image.Dispose();

    // A plain name beside the child, so that both can be moved together; else as the caller gave it, seen from the
    // child's folder.
    static string HintFor(string parentPath, string childPath)
    {
        string childFolder = Path.GetDirectoryName(Path.GetFullPath(childPath))!;
        string fullParent = Path.GetFullPath(parentPath);
        string hint = Path.IsPathRooted(parentPath) && Path.GetDirectoryName(fullParent) != childFolder
            ? parentPath
            : Path.GetRelativePath(childFolder, fullParent).Replace(Path.DirectorySeparatorChar, '/');

        // ".." as text and ".." by the kernel part ways at a link to a folder.
        return LeadTo(Path.Combine(childFolder, hint), parentPath) ? hint : fullParent;
    }

    static bool LeadTo(string path, string samePath)
    {
        try
        {
            using LocalFile file = LocalFile.Open(path, FileAccessMode.Read);
            using LocalFile same = LocalFile.Open(samePath, FileAccessMode.Read);
            return file.Identity == same.Identity;
        }
        catch (VmdkException missing) when (missing.Code == VmdkErrorCode.FileMissing)
        {
            return false;
        }
    }
}
