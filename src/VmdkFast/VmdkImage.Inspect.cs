using VmdkFast.Inspecting;
using VmdkFast.Opening;

namespace VmdkFast;

public static partial class VmdkImage
{
    /// <summary>Shows the structures of one file of an image: headers, descriptor, tables, markers, footer.</summary>
    /// <param name="path">A descriptor, or an extent that has structure. Files that it names are not opened.</param>
    /// <param name="limits">Bounds for what the file may ask for; null for <see cref="VmdkLimits.Default"/>.</param>
    /// <param name="cancellationToken">Ends the walk through the tables.</param>
    /// <returns>
    /// All that can be shown, also of a damaged file: headers appear as they are, before anything is judged, and what
    /// a reader would refuse is among <see cref="VmdkInspection.Problems"/>.
    /// </returns>
    /// <remarks>Takes no lock and minds none: of an image that is in use it may show half a change.</remarks>
    /// <exception cref="VmdkException">The file cannot be opened, or nothing in it belongs to a VMDK.</exception>
    public static VmdkInspection Inspect(
        string path, VmdkLimits? limits = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        VmdkOpenOptions options = VmdkOpenOptions.Default with
        {
            Limits = limits ?? VmdkLimits.Default,
            OpenParents = false,
            ForceShare = true,
            References = VmdkReferencePolicy.Deny,
        };
        options.Validate();
        VmdkInspection inspection = FileInspection.Inspect(path, options.Limits, cancellationToken);
        if (inspection.Kind == FileInspection.ChangeTracking)
        {
            return inspection;
        }

        try
        {
            ImageOpener.Open(path, options).Dispose();
        }
        catch (VmdkException fault) when (fault.Code != VmdkErrorCode.ReferenceRefused)
        {
            return inspection.Problems.Contains(fault.Message)
                ? inspection
                : inspection with { Problems = [fault.Message, .. inspection.Problems] };
        }
        catch (VmdkException)
        {
            // A descriptor names other files, and whether those are in order is not asked here.
        }

        return inspection;
    }
}
