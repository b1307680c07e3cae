using VmdkFast.Format;

namespace VmdkFast.Checking;

/// <summary>Finds what would help where a repair does not: what the caller did not allow, or another way.</summary>
static class RepairRemedies
{
    /// <param name="top">The file that the caller named.</param>
    /// <param name="steps">What the last check proposes.</param>
    /// <param name="found">What it found.</param>
    /// <param name="options">What is allowed.</param>
    internal static IReadOnlyList<VmdkRepairRemedy> Of(
        CheckedFile top, IReadOnlyList<RepairStep> steps, VmdkCheckResult found, VmdkRepairOptions options)
    {
        var remedies = new List<VmdkRepairRemedy>();
        if (!options.DropLost && steps.Any(step => step.Class == RepairClass.Drop))
        {
            remedies.Add(VmdkRepairRemedy.DropLost);
        }

        if (!options.AcceptParent && steps.Any(step => step.Class == RepairClass.AcceptParent))
        {
            remedies.Add(VmdkRepairRemedy.AcceptParent);
        }

        bool isDescriptorFile = IsDescriptorFile(top);
        if (!options.RebuildDescriptor && found.Findings.Any(finding =>
            finding.Kind == VmdkFindingKind.DescriptorInvalid && finding.Path == top.Path
            && (isDescriptorFile || finding.OffsetBytes == EmbeddedDescriptorCheck.FieldOffsetBytes)))
        {
            remedies.Add(VmdkRepairRemedy.RebuildDescriptor);
        }

        return remedies;
    }

    static bool IsDescriptorFile(CheckedFile file)
    {
        Span<byte> start = stackalloc byte[DescriptorText.ProbeBytes];
        return DescriptorText.LooksLikeDescriptor(start[..file.File.Read(start, 0)]);
    }
}
