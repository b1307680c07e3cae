using VmdkFast.Checking;
using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>Markers, grains and footers of streams, each against what the tables say.</summary>
public sealed class StreamCheckTests : IDisposable
{
    const int DamagedGrain = 3;
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(StreamDamage.WrongLba, VmdkFindingKind.MarkerMismatch)]
    [InlineData(StreamDamage.ZeroSize, VmdkFindingKind.MarkerMismatch)]
    [InlineData(StreamDamage.HugeSize, VmdkFindingKind.MarkerInvalid)]
    [InlineData(StreamDamage.DeflateGarbage, VmdkFindingKind.GrainDamaged)]
    [InlineData(StreamDamage.BadChecksum, VmdkFindingKind.GrainDamaged)]
    [InlineData(StreamDamage.ShortData, VmdkFindingKind.GrainDamaged)]
    public void ADamagedGrainIsFoundAndTheOthersAreNotBlamed(StreamDamage damage, VmdkFindingKind kind)
    {
        foreach (StreamLayout layout in Enum.GetValues<StreamLayout>())
        {
            string path = Write(layout, damage);
            VmdkCheckResult result = Checked.Check(path);
            Checked.Findings(result, kind);
            Assert.All(
                result.Findings.Where(finding => finding.GuestOffsetBytes is not null
                    && finding.Kind != VmdkFindingKind.GrainWithoutEntry),
                finding => Assert.Equal(GuestOf(path, layout), finding.GuestOffsetBytes));

            // Without --deep nothing is inflated, and qemu-img inflates nothing either.
            bool isFoundOnlyDeep = kind == VmdkFindingKind.GrainDamaged;
            Assert.Equal(isFoundOnlyDeep, Checked.Check(path, deep: false).IsSound);
            Assert.Equal(0, QemuImg.Check(path).ExitCode);
        }
    }

    [Theory]
    [InlineData(StreamDamage.BadFooter, VmdkFindingKind.FooterInvalid)]
    [InlineData(StreamDamage.FooterDisagrees, VmdkFindingKind.FooterDisagrees)]
    [InlineData(StreamDamage.Truncated, VmdkFindingKind.FooterInvalid)]
    public void TheFooterIsJudged(StreamDamage damage, VmdkFindingKind kind) =>
        Checked.Findings(Checked.Check(Write(StreamLayout.Export, damage)), kind);

    [Fact]
    public void AnExportedGrainThatNoTableNamesIsFound()
    {
        string path = Write(StreamLayout.Export, StreamDamage.None);
        long footer = new FileInfo(path).Length - 1024;
        long table = Patch.ReadUInt32(path, (long)HostedHeader.Read(path, footer).DirectorySector * 512) * 512L;
        Patch.WriteUInt32(path, table + 20, 0);

        VmdkFinding finding = Assert.Single(
            Checked.Findings(Checked.Check(path), VmdkFindingKind.GrainWithoutEntry));

        Assert.Equal(5 * Checked.GrainBytes, finding.GuestOffsetBytes);
        Assert.Equal(0, QemuImg.Check(path).ExitCode);
    }

    [Fact]
    public void AGrainOfALocalStreamThatNoTableNamesIsFound()
    {
        string path = Write(StreamLayout.Local, StreamDamage.None);
        Patch.WriteUInt32(path, Checked.Table(path) + 20, 0);
        Patch.WriteUInt32(path, Checked.Table(path) + 24, 0);
        VmdkCheckResult result = Checked.Check(path);
        Assert.Equal((0, 2), (result.Leaks, result.Corruptions));
        VmdkFinding finding = Assert.Single(Checked.Findings(result, VmdkFindingKind.GrainWithoutEntry));
        Assert.Equal(
            (5 * Checked.GrainBytes, 2 * Checked.GrainBytes), (finding.GuestOffsetBytes, finding.GuestLengthBytes));
    }

    [Fact]
    public void AnEntryOfTheWrongGrainIsFound()
    {
        string path = Write(StreamLayout.Local, StreamDamage.None);
        Patch.WriteUInt32(path, Checked.Table(path) + 20, Checked.Entry(path, 6));
        Checked.Findings(Checked.Check(path), VmdkFindingKind.MarkerMismatch);
        Assert.Equal(0, QemuImg.Check(path).ExitCode);
    }

    [Fact]
    public void AGiantGrainCostsNoMoreMemoryThanItHolds()
    {
        string path = Write(StreamLayout.Local, StreamDamage.None);
        HostedHeader header = HostedHeader.Read(path);
        (header with { GrainSectors = 0x20_0000 }).WriteTo(path);
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var check = new ImageCheck(
            new CheckRun(new VmdkCheckOptions { Deep = true, Threads = 1 }, false, null), FileAccessMode.Read);
        check.Run(path, TestContext.Current.CancellationToken);

        // A grain of 1 GiB is claimed; 16 grains of about 7 KiB are there.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 64 << 20);
    }

    string Write(StreamLayout layout, StreamDamage damage) => StreamImage.Write(
        _folder.Path, $"{layout}", Checked.Content(pattern: ContentPattern.Text),
        new StreamOptions { Layout = layout, Damage = damage, DamagedGrain = DamagedGrain });

    // Of shuffled grains the fourth in the file is not the fourth of the disk: the one whose entry is fourth lowest.
    static long GuestOf(string path, StreamLayout layout)
    {
        if (layout != StreamLayout.Qemu)
        {
            return DamagedGrain * Checked.GrainBytes;
        }

        int grain = Enumerable.Range(0, 16).OrderBy(index => Checked.Entry(path, index)).ElementAt(DamagedGrain);
        return grain * Checked.GrainBytes;
    }
}
