using System.Text;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Opening;

/// <summary>Opens the files that an image names, as the reference policy allows.</summary>
/// <remarks>
/// Names are bytes in the descriptor's encoding; a name that is missing as such is tried once more as UTF-8, because
/// that is how a copy to this machine will have spelled it.
/// </remarks>
sealed class ReferenceOpener(VmdkOpenOptions options)
{
    VmdkReferencePolicy Policy => options.References;

    /// <summary>Opens an extent's file.</summary>
    internal LocalFile OpenExtent(
        string imagePath, ImageFolder folder, ReadOnlySpan<byte> name, Encoding encoding, FileAccessMode mode)
    {
        (LocalFile file, ImageFolder? opened) = Open(imagePath, folder, name, encoding, mode);
        if (!ReferenceEquals(opened, folder))
        {
            opened?.Dispose();
        }

        return file;
    }

    /// <summary>Opens a parent, and gives the folder that its own names count from.</summary>
    /// <returns>The folder is <paramref name="folder"/> itself when the file lies there.</returns>
    internal (LocalFile File, ImageFolder? Folder) Open(
        string imagePath, ImageFolder folder, ReadOnlySpan<byte> name, Encoding encoding,
        FileAccessMode mode = FileAccessMode.Read)
    {
        string decodedName = encoding.GetString(name);
        if (Policy.Rule == ReferenceRule.Deny)
        {
            throw Refused(imagePath, decodedName, "no reference at all");
        }

        bool absolute = IsAbsolute(decodedName);
        if (absolute)
        {
            // Written on another machine, or before the image was moved: what lies beside it counts first.
            ReadOnlySpan<byte> last = DescriptorEncoding.LastComponent(name, encoding);
            if (TryOpenBeside(folder, last, encoding.GetString(last), mode) is { } beside)
            {
                return (beside, folder);
            }
        }
        else if (!decodedName.Contains('/', StringComparison.Ordinal))
        {
            LocalFile? plain = TryOpenBeside(folder, name, decodedName, mode);
            return (plain ?? throw Missing(imagePath, folder, decodedName), folder);
        }

        string path = Path.GetFullPath(Path.Combine(folder.Path, decodedName));
        return Policy.Rule switch
        {
            ReferenceRule.Anywhere => (LocalFile.OpenReferenced(path, mode), null),
            ReferenceRule.Below => OpenBelow(imagePath, path, decodedName, mode),
            _ when absolute => throw Missing(imagePath, folder, decodedName),
            _ => throw Refused(imagePath, decodedName, "a plain name beside the image"),
        };
    }

    (LocalFile File, ImageFolder? Folder) OpenBelow(
        string imagePath, string path, string decodedName, FileAccessMode mode)
    {
        foreach (string root in Policy.Folders)
        {
            string prefix = Path.EndsInDirectorySeparator(root) ? root : root + Path.DirectorySeparatorChar;
            if (!path.StartsWith(prefix, StringComparison.Ordinal))
            {
                continue;
            }

            byte[] beneath = Encoding.UTF8.GetBytes(path[prefix.Length..]);
            using ImageFolder allowed = ImageFolder.Beside(prefix + "_", options.Limits);
            LocalFile file = allowed.OpenBeneath(beneath, mode, allowSubfolders: true);
            return (file, null);
        }

        throw Refused(imagePath, decodedName, $"a file below {string.Join(", ", Policy.Folders)}");
    }

    LocalFile? TryOpenBeside(
        ImageFolder folder, ReadOnlySpan<byte> name, string decodedName, FileAccessMode mode)
    {
        try
        {
            return folder.OpenBeneath(name, mode);
        }
        catch (VmdkException refused)
            when (refused.Code == VmdkErrorCode.ReferenceRefused && Policy.Rule == ReferenceRule.Anywhere)
        {
            // The folder follows no link; this policy does, and judges what the link leads to.
            return LocalFile.OpenReferenced(Path.Combine(folder.Path, decodedName), mode);
        }
        catch (VmdkException missing) when (missing.Code == VmdkErrorCode.FileMissing)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(decodedName);
            if (name.SequenceEqual(utf8))
            {
                return null;
            }

            try
            {
                return folder.OpenBeneath(utf8, mode);
            }
            catch (VmdkException again) when (again.Code == VmdkErrorCode.FileMissing)
            {
                return null;
            }
        }
    }

    // A path of this system, a path of Windows, or a drive.
    static bool IsAbsolute(string name) =>
        name.StartsWith('/') || name.Contains('\\', StringComparison.Ordinal)
        || (name.Length >= 2 && char.IsAsciiLetter(name[0]) && name[1] == ':');

    static VmdkException Missing(string imagePath, ImageFolder folder, string name) =>
        new(VmdkErrorCode.FileMissing, imagePath, $"the file '{name}', which the image names, is missing", null, "file",
            $"nothing of that name in '{(folder.Path.Length == 0 ? "." : folder.Path)}'", "the file beside the image");

    static VmdkException Refused(string imagePath, string name, string wanted) =>
        new(VmdkErrorCode.ReferenceRefused, imagePath, $"the reference policy does not allow the file '{name}'", null,
            "file", name, wanted);
}
