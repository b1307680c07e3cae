using VmdkFast.Creating;

namespace VmdkFast;

/// <content>Creating.</content>
public sealed partial class VmdkDisk
{
    /// <summary>Makes a new disk that reads as zeros, or as its parent.</summary>
    /// <param name="path">
    /// The image: the sparse file itself for the kinds that embed their descriptor, else the descriptor; the other
    /// files lie beside it, named as qemu-img names them.
    /// </param>
    /// <param name="options">What the disk is.</param>
    /// <param name="cancellationToken">Ends the creation; nothing is left of it.</param>
    /// <remarks>
    /// The files appear under their names when all are complete, the descriptor last. Nothing is left when anything
    /// fails. With <see cref="VmdkCreateOptions.Overwrite"/> files of the same names are replaced; other files of the
    /// image that had the name stay.
    /// </remarks>
    /// <exception cref="ArgumentException">
    /// Options are out of range or contradict each other, or a descriptor cannot hold a name.
    /// </exception>
    /// <exception cref="VmdkException">
    /// A file exists (<see cref="VmdkErrorCode.TargetRefused"/>), the parent cannot be opened or is no VMDK, or the
    /// file system fails.
    /// </exception>
    public static Task CreateAsync(
        string path, VmdkCreateOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        DiskCreation.CheckName(path);
        CreateRules.Check(options);
        options.ParentOpenOptions?.Validate();
        return Task.Run(() => DiskCreation.Run(path, options, cancellationToken), cancellationToken);
    }
}
