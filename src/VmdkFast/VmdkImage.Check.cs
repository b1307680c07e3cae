using VmdkFast.Checking;
using VmdkFast.Storage;

namespace VmdkFast;

public static partial class VmdkImage
{
    /// <summary>Checks an image: all findings at once, also of one that cannot be opened. Writes nothing.</summary>
    /// <param name="path">The image. Its extents are checked too; its parents only for being the right ones.</param>
    /// <param name="options">How; null for <see cref="VmdkCheckOptions.Default"/>.</param>
    /// <param name="progress">Hears of the progress some ten times a second.</param>
    /// <param name="cancellationToken">Ends the work between two tables.</param>
    /// <returns>
    /// What was found. Memory is a 4,096th of the largest file, and 16 bytes for each compressed grain.
    /// </returns>
    /// <exception cref="VmdkException">
    /// The file cannot be opened or is in use, nothing in it belongs to a VMDK, or it is of a kind that cannot be
    /// checked (<see cref="VmdkErrorCode.Unsupported"/>).
    /// </exception>
    public static Task<VmdkCheckResult> CheckAsync(
        string path, VmdkCheckOptions? options = null, IProgress<VmdkProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        VmdkCheckOptions how = options ?? VmdkCheckOptions.Default;
        how.Validate();
        return Task.Run(
            () =>
            {
                using System.Diagnostics.Activity? activity = Telemetry.Start("check", path);
                var run = new CheckRun(how, wantsSteps: false, progress);
                using var check = new ImageCheck(run, FileAccessMode.Read);
                check.Run(path, cancellationToken);
                return run.Finish(path);
            },
            cancellationToken);
    }
}
