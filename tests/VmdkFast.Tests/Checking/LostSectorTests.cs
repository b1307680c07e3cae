using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>
/// A sector of a directory or of a table that a disk has lost is what it was, byte by byte, for there are two of each.
/// </summary>
public sealed class LostSectorTests : IDisposable
{
    const int GrainBytes = 4096;

    // Five tables of 2 MiB: some grains, none, all, one, and a part that the disk's end cuts off.
    const int LengthBytes = (9 << 20) + (40 * GrainBytes) + 512;

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("zeros")]
    [InlineData("ones")]
    [InlineData("noise")]
    [InlineData("the sector before")]
    [InlineData("the sector behind")]
    [InlineData("a sector of the longest table")]
    [InlineData("content")]
    public void ALostSectorIsRestored(string damage)
    {
        string path = SparseImage.Write(
            _folder.Path, "disk", Content(),
            new SparseOptions { GrainSectors = GrainBytes / 512, Order = GrainOrder.Shuffled });
        byte[] good = File.ReadAllBytes(path);
        HostedHeader header = HostedHeader.Read(path);
        var failures = new List<string>();
        for (long sector = (long)header.RedundantDirectorySector; sector < EndOfTables(path); sector++)
        {
            byte[] bad = [.. good];
            Damaged(damage, good, sector).CopyTo(bad, sector * 512);
            File.WriteAllBytes(path, bad);
            VmdkRepairResult result = Repaired.Apply(path);
            if (!good.AsSpan().SequenceEqual(File.ReadAllBytes(path)))
            {
                failures.Add(
                    $"sector {sector}: {result.After!.Corruptions} of {result.Before.Corruptions} errors stay; "
                    + string.Join(", ", result.After.Findings.Select(finding => finding.Kind).Distinct()));
            }
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    static long EndOfTables(string path) =>
        (long)HostedHeader.Read(path).DirectorySector + 1 + (5 * 4);

    static GuestContent Content() => new GuestContent(LengthBytes)
        .Fill(7 * GrainBytes, 90 * GrainBytes, ContentPattern.Stamp, 1)
        .Fill(300 * GrainBytes, 20 * GrainBytes, ContentPattern.Stamp, 2)
        .Fill(4 << 20, 2 << 20, ContentPattern.Stamp, 3)
        .Fill((6 << 20) + (200 * GrainBytes), GrainBytes, ContentPattern.Stamp, 4)
        .Fill(9 << 20, LengthBytes - (9 << 20), ContentPattern.Stamp, 5);

    static byte[] Damaged(string damage, byte[] good, long sector)
    {
        byte[] bytes = new byte[512];
        switch (damage)
        {
            case "zeros":
                break;
            case "ones":
                bytes.AsSpan().Fill(0xff);
                break;
            case "noise":
                new Random((int)sector).NextBytes(bytes);
                break;
            default:
                long source = damage switch
                {
                    "the sector before" => sector - 1,
                    "the sector behind" => sector + 1,
                    "content" => (good.Length / 512) - 1,
                    _ => (long)BitConverter.ToUInt64(good, 56) + 1 + (2 * 4),
                };
                good.AsSpan((int)source * 512, 512).CopyTo(bytes);
                break;
        }

        return bytes;
    }
}
