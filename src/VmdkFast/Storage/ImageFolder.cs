using System.Text;
using Microsoft.Win32.SafeHandles;

namespace VmdkFast.Storage;

/// <summary>
/// The folder beside an image, held open, from which the files that the image names are opened. The names come from
/// an untrusted file: they are judged as bytes, resolved beneath the folder's descriptor without following any link,
/// and what was opened is judged by its own descriptor, never by its path.
/// </summary>
/// <remarks>Safe for concurrent use. Which names are allowed at all is the reference policy's decision.</remarks>
sealed class ImageFolder : IDisposable
{
    readonly Platform _platform;
    readonly SafeFileHandle? _handle;
    readonly int _maxNameBytes;

    ImageFolder(Platform platform, SafeFileHandle? handle, string path, int maxNameBytes)
    {
        _platform = platform;
        _handle = handle;
        _maxNameBytes = maxNameBytes;
        Path = path;
    }

    /// <summary>The folder's path for messages; empty for the current folder.</summary>
    internal string Path { get; }

    /// <summary>Opens the folder in which <paramref name="filePath"/>, a path that the caller named, lies.</summary>
    /// <param name="filePath">The image; a link counts where it lies, not where it leads, as in QEMU.</param>
    /// <param name="limits">Of these, the longest name.</param>
    /// <exception cref="VmdkException">The folder is missing or may not be opened.</exception>
    internal static ImageFolder Beside(string filePath, VmdkLimits limits) =>
        Beside(filePath, limits, Platform.Current);

    /// <inheritdoc cref="Beside(string, VmdkLimits)"/>
    internal static ImageFolder Beside(string filePath, VmdkLimits limits, Platform platform)
    {
        ArgumentException.ThrowIfNullOrEmpty(filePath);

        // Not GetFullPath: it takes ".." away as text and so walks past links differently from the kernel.
        string path = System.IO.Path.GetDirectoryName(filePath) ?? filePath;
        return new ImageFolder(platform, platform.OpenFolder(path), path, limits.MaxNameBytes);
    }

    /// <summary>Opens a file that an image names, given as the descriptor's bytes.</summary>
    /// <param name="name">One path component, or several parted by <c>/</c>.</param>
    /// <param name="mode">What for.</param>
    /// <param name="allowSubfolders">Whether more than one component is allowed.</param>
    /// <exception cref="VmdkException">
    /// <see cref="VmdkErrorCode.ReferenceRefused"/> for an impossible name, a link, or anything but a regular file;
    /// <see cref="VmdkErrorCode.FileMissing"/>; <see cref="VmdkErrorCode.AccessRefused"/>.
    /// </exception>
    internal LocalFile OpenBeneath(ReadOnlySpan<byte> name, FileAccessMode mode, bool allowSubfolders = false)
    {
        string path = JudgeName(name, allowSubfolders);
        SafeFileHandle handle = _platform.OpenBeneath(_handle, path, name, mode);
        return LocalFile.Adopt(
            _platform, handle, path, mode, VmdkErrorCode.ReferenceRefused, allowDevice: false);
    }

    /// <inheritdoc cref="OpenBeneath(ReadOnlySpan{byte}, FileAccessMode, bool)"/>
    internal LocalFile OpenBeneath(string name, FileAccessMode mode, bool allowSubfolders = false) =>
        OpenBeneath(Encoding.UTF8.GetBytes(name), mode, allowSubfolders);

    /// <summary>Opens a folder below this one, to be the "beside" of an image that lies in it.</summary>
    /// <param name="name">One or several components.</param>
    /// <exception cref="VmdkException">As for files.</exception>
    internal ImageFolder OpenFolder(ReadOnlySpan<byte> name)
    {
        string path = JudgeName(name, allowSubfolders: true);
        return new ImageFolder(_platform, _platform.OpenFolderBeneath(_handle, path, name), path, _maxNameBytes);
    }

    /// <summary>Makes the names created, renamed and deleted in this folder so far durable.</summary>
    internal void Barrier() => _platform.FolderBarrier(_handle, Path);

    /// <inheritdoc/>
    public void Dispose() => _handle?.Dispose();

    string JudgeName(ReadOnlySpan<byte> name, bool allowSubfolders)
    {
        string? fault = Fault(name, allowSubfolders);
        string text = Encoding.UTF8.GetString(name.Length <= _maxNameBytes ? name : name[.._maxNameBytes]);
        return fault is null
            ? System.IO.Path.Combine(Path, text)
            : throw new VmdkException(
                VmdkErrorCode.ReferenceRefused, Path.Length == 0 ? "." : Path,
                "the image names a file that may not be opened", found: text, wanted: fault);
    }

    string? Fault(ReadOnlySpan<byte> name, bool allowSubfolders)
    {
        if (name.Length > _maxNameBytes)
        {
            return $"at most {_maxNameBytes} bytes";
        }

        if (name.IndexOfAny("\0\n\r\""u8) >= 0)
        {
            return "a name without NUL, line end or quote";
        }

        if (!allowSubfolders && name.Contains((byte)'/'))
        {
            return "a name without folders";
        }

        // An empty component also stands for a leading, trailing or doubled slash.
        foreach (Range range in name.Split((byte)'/'))
        {
            ReadOnlySpan<byte> component = name[range];
            if (component.IsEmpty || component.SequenceEqual("."u8) || component.SequenceEqual(".."u8))
            {
                return "a name beneath the folder";
            }
        }

        return null;
    }
}
