using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>Checks and repairs in tests, with the test's own token, and a small disk to damage.</summary>
static class Checked
{
    internal const int LengthBytes = 1 << 20;
    internal const int GrainBytes = 65536;

    internal static GuestContent Content(
        int lengthBytes = LengthBytes, ContentPattern pattern = ContentPattern.Stamp) =>
        new GuestContent(lengthBytes).Fill(0, lengthBytes, pattern, 1);

    internal static VmdkCheckResult Check(string path, bool deep = true) =>
        Check(path, new VmdkCheckOptions { Deep = deep, Threads = 2 });

    internal static VmdkCheckResult Check(string path, VmdkCheckOptions options) =>
        VmdkImage.CheckAsync(path, options, null, TestContext.Current.CancellationToken).GetAwaiter().GetResult();

    /// <summary>Fails unless nothing worse than a warning is found.</summary>
    internal static VmdkCheckResult IsClean(string path, params VmdkFindingKind[] warnings)
    {
        VmdkCheckResult result = Check(path);
        Assert.True(
            result is { Corruptions: 0, Leaks: 0, CheckErrors: 0 },
            string.Join('\n', result.Findings.Select(finding => $"{finding.Kind}: {finding.Text}")));
        Assert.Equal(warnings, result.Findings.Select(finding => finding.Kind).Distinct());
        return result;
    }

    /// <summary>The findings of one kind, of which there must be some.</summary>
    internal static VmdkFinding[] Findings(VmdkCheckResult result, VmdkFindingKind kind)
    {
        VmdkFinding[] found = [.. result.Findings.Where(finding => finding.Kind == kind)];
        Assert.True(
            found.Length > 0,
            $"no {kind} among: "
            + string.Join('\n', result.Findings.Select(finding => $"{finding.Kind}: {finding.Text}")));
        return found;
    }

    internal static long Directory(string path) => (long)HostedHeader.Read(path).DirectorySector * 512;

    internal static long Table(string path) => Patch.ReadUInt32(path, Directory(path)) * 512L;

    internal static long CopyDirectory(string path) => (long)HostedHeader.Read(path).RedundantDirectorySector * 512;

    internal static long CopyTable(string path) => Patch.ReadUInt32(path, CopyDirectory(path)) * 512L;

    internal static uint Entry(string path, int grain) => Patch.ReadUInt32(path, Table(path) + (grain * 4));

    /// <summary>Writes an entry into both tables.</summary>
    internal static void SetEntry(string path, int grain, uint entry)
    {
        Patch.WriteUInt32(path, Table(path) + (grain * 4), entry);
        Patch.WriteUInt32(path, CopyTable(path) + (grain * 4), entry);
    }
}
