using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>Exported streams: header against footer, what is lost with a marker, markers of metadata, the end.</summary>
public sealed class ExportRepairTests : IDisposable
{
    const int LengthBytes = 80 << 20;
    const int CapacityField = 12;
    const int GrainSizeField = 20;
    const int TableEntriesField = 44;

    readonly TempFolder _folder = new();
    readonly GuestContent _content = Content();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AHeaderAgainstWhichFooterAndDescriptorAgreeIsTheDamagedOne()
    {
        string path = Export();
        byte[] good = File.ReadAllBytes(path);

        // One bit: 64 MiB of 80.
        Patch.WriteUInt64(path, CapacityField, 131_072);
        VmdkFinding finding = Assert.Single(Checked.Check(path).Findings);
        Assert.Equal((VmdkFindingKind.FooterDisagrees, (long?)CapacityField), (finding.Kind, finding.OffsetBytes));

        VmdkRepairChange change = Assert.Single(Repaired.Apply(path).Changes);
        Assert.Equal((CapacityField, 8), (change.OffsetBytes, change.LengthBytes));
        Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    [Theory]
    [InlineData(GrainSizeField, 64)]
    [InlineData(GrainSizeField, 256)]
    [InlineData(TableEntriesField, 256)]
    public void AHeaderAgainstWhichTheGrainsSpeakIsTheDamagedOne(int field, uint value)
    {
        string path = Export();
        byte[] good = File.ReadAllBytes(path);
        Patch.WriteUInt32(path, field, value);
        Repaired.Apply(path);
        Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    [Theory]
    [InlineData("RDONLY 163840 ", "RDONLY 999936 ", 131_072ul)]
    [InlineData("RDONLY 163840 ", "RDONLY 131072 ", 131_072ul)]
    public void NothingIsChangedWhereNobodySaysWhetherHeaderOrFooterIsRight(
        string line, string damagedLine, ulong capacitySectors)
    {
        string path = Export(grainsBehind: false);
        Patch.WriteUInt64(path, CapacityField, capacitySectors);
        byte[] damaged = File.ReadAllBytes(path);
        Replace(damaged, line, damagedLine);
        File.WriteAllBytes(path, damaged);
        VmdkRepairResult result = Repaired.Apply(path);
        bool headerIsRight = damagedLine.Contains("131072", StringComparison.Ordinal);
        Assert.Equal(headerIsRight, result.Changes.Count > 0);

        // With a grain that stands behind the smaller capacity against the line of the descriptor, nobody is right.
        path = Export();
        Patch.WriteUInt64(path, CapacityField, capacitySectors);
        damaged = File.ReadAllBytes(path);
        Replace(damaged, line, "RDONLY 131072 ");
        File.WriteAllBytes(path, damaged);
        Assert.Empty(Repaired.Apply(path, new VmdkRepairOptions { DropLost = true }).Changes);
        Checked.Findings(Checked.Check(path), VmdkFindingKind.FooterDisagrees);
    }

    [Fact]
    public void AHeaderThatDiffersInMoreThanOneFieldIsLeftAlone()
    {
        string path = Export();
        Patch.WriteUInt64(path, CapacityField, 131_072);
        Patch.WriteUInt32(path, 4, 1);
        Assert.Empty(Repaired.Apply(path, new VmdkRepairOptions { DropLost = true }).Changes);
    }

    static void Replace(byte[] bytes, string text, string by)
    {
        int at = bytes.AsSpan(0, 1024).IndexOf(System.Text.Encoding.ASCII.GetBytes(text));
        Assert.True(at > 0);
        System.Text.Encoding.ASCII.GetBytes(by).CopyTo(bytes.AsSpan(at));
    }

    string Export(bool grainsBehind = true) => StreamImage.Write(
        _folder.Path, "disk", grainsBehind ? _content : Content(64), new StreamOptions { Layout = StreamLayout.Export });

    // A quarter of a mebibyte of text in every eight, so that each of three tables holds some grains.
    static GuestContent Content(int usedMebibytes = 80)
    {
        var content = new GuestContent(LengthBytes);
        for (int at = 0; at < usedMebibytes << 20; at += 8 << 20)
        {
            content.Fill(at, 1 << 18, ContentPattern.Text, 1);
        }

        return content;
    }
}
