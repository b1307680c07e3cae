using VmdkFast.Checking;
using VmdkFast.Creating;

namespace VmdkFast;

public static partial class VmdkImage
{
    /// <summary>
    /// Sets an image right as far as that gives nothing up: from redundant copies, from markers, by copies of shared
    /// grains. What the caller allows besides is in the options. Only a plan, without
    /// <see cref="VmdkRepairOptions.Apply"/>.
    /// </summary>
    /// <param name="path">The image. Its extents are repaired too, its parents never.</param>
    /// <param name="options">How; null for <see cref="VmdkRepairOptions.Default"/>, a plan.</param>
    /// <param name="progress">Hears of the progress of each check.</param>
    /// <param name="cancellationToken">Ends a check; what has been begun is carried out.</param>
    /// <returns>
    /// The changes, and what a check finds afterwards. A plan shows what is found first; setting that right may bring
    /// more to light, which is then repaired as well.
    /// </returns>
    /// <remarks>
    /// Before anything is changed, the bytes to be changed are saved in a journal and made durable;
    /// <see cref="UndoRepairAsync"/> puts them back, also after a repair that was cut short.
    /// </remarks>
    /// <exception cref="VmdkException">
    /// The image cannot be opened or is in use, is of a kind that cannot be checked, or an operation on a file failed;
    /// once something was changed, the message names the journal.
    /// <see cref="VmdkErrorCode.TargetRefused"/>: no descriptor can be made from the header.
    /// </exception>
    /// <exception cref="VmdkRepairCancelledException">Cancelled when something was changed already.</exception>
    public static Task<VmdkRepairResult> RepairAsync(
        string path, VmdkRepairOptions? options = null, IProgress<VmdkProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        VmdkRepairOptions how = options ?? VmdkRepairOptions.Default;
        how.Validate();
        how = how with { Check = how.Check with { RebuildsDescriptor = how.RebuildDescriptor } };
        return Task.Run(
            () =>
            {
                using System.Diagnostics.Activity? activity = Telemetry.Start("repair", path);
                using var run = new RepairRun(path, how);
                return run.Run(progress, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Puts everything back that a repair has changed, byte for byte.</summary>
    /// <param name="journalPath">The journal that the repair left.</param>
    /// <param name="cancellationToken">Honoured before the first byte is written.</param>
    /// <returns>
    /// The files that were put back; none when the repair had changed nothing, or was taken back before.
    /// </returns>
    /// <remarks>
    /// A file is found by its path, or else beside the journal. A copy of it will do, when the repair came to its end
    /// and the copy lies beneath the journal's folder and still holds what the repair wrote.
    /// </remarks>
    /// <exception cref="VmdkException">
    /// The journal is none or is damaged, or its files are gone, have been replaced, were written to after the repair,
    /// or are in use; nothing was changed then.
    /// </exception>
    public static Task<IReadOnlyList<string>> UndoRepairAsync(
        string journalPath, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(journalPath);
        return Task.Run(() => UndoRun.Run(journalPath), cancellationToken);
    }

    /// <summary>
    /// Makes a lost descriptor anew from the files of its extents. For one that the image embeds see
    /// <see cref="VmdkRepairOptions.RebuildDescriptor"/>.
    /// </summary>
    /// <param name="path">
    /// Where the descriptor goes. What is there and is neither an image nor a descriptor with extents is kept under
    /// another name.
    /// </param>
    /// <param name="extentPath">
    /// A flat or an ESX sparse file; or the first extent of a split disk, whose further ones are found by their
    /// numbers. All lie beside the descriptor.
    /// </param>
    /// <param name="kind">The kind of disk; null for the one that the file's name speaks for.</param>
    /// <param name="apply">Whether the descriptor is written; otherwise only its text is made.</param>
    /// <param name="parentPath">
    /// The image that the disk, which must be sparse, is a child of; null for none. It is accepted as it is now.
    /// </param>
    /// <param name="parentOptions">How that is opened; null for the default.</param>
    /// <returns>The descriptor.</returns>
    /// <exception cref="VmdkException">
    /// An extent cannot be read, is none, or is missing between others; or there is a descriptor already; or the parent
    /// cannot be opened, or has another length.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// The kind does not go with the files, or they lie elsewhere, or they are flat and a parent is named.
    /// </exception>
    public static VmdkRebuiltDescriptor RebuildDescriptor(
        string path, string extentPath, VmdkDiskKind? kind = null, bool apply = false, string? parentPath = null,
        VmdkOpenOptions? parentOptions = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(extentPath);
        if (parentPath is not null)
        {
            ArgumentException.ThrowIfNullOrEmpty(parentPath);
        }

        using ParentLink? parent = parentPath is null
            ? null
            : ParentLink.Open(parentPath, parentOptions ?? VmdkOpenOptions.Default, path);
        return new DescriptorRebuild(path, extentPath, kind, parent).Run(apply);
    }
}
