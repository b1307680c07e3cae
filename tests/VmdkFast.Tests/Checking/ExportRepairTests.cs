using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>Exported streams: header against footer, what is lost with a marker, other markers, the end.</summary>
public sealed class ExportRepairTests : IDisposable
{
    const int LengthBytes = 80 << 20;
    const int CapacityField = 12;
    const int GrainSizeField = 20;
    const int TableEntriesField = 44;

    static readonly (int Field, int LengthBytes)[] s_fields =
    [
        (0, 4), (4, 4), (8, 4), (CapacityField, 8), (GrainSizeField, 8), (28, 8), (36, 8), (TableEntriesField, 4),
        (48, 8), (56, 8), (64, 8), (72, 1), (73, 4), (77, 2), (79, 1), (511, 1),
    ];

    // Version, flags, capacity, sizes, compression.
    static readonly int[] s_mended = [4, 8, CapacityField, GrainSizeField, TableEntriesField, 77];

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

    // Who goes by the footer could read the one, who goes by the header the other: neither may get the damaged field.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void OneBitOfHeaderOrFooterIsSetRightOrLeftAsItIs(bool inHeader)
    {
        string path = Export();
        byte[] good = File.ReadAllBytes(path);
        int start = inHeader ? 0 : good.Length - 1024;
        var mended = new HashSet<int>();
        foreach ((int field, int lengthBytes) in s_fields)
        {
            foreach (int bit in new[] { 0, 1, 16, (lengthBytes * 8) - 1 }.Where(bit => bit < lengthBytes * 8))
            {
                byte[] damaged = [.. good];
                damaged[start + field + (bit / 8)] ^= (byte)(1 << (bit % 8));
                File.WriteAllBytes(path, damaged);
                if (Repaired.Apply(path).Changes.Count == 0)
                {
                    Assert.True(damaged.AsSpan().SequenceEqual(File.ReadAllBytes(path)), $"field {field}, bit {bit}");
                    continue;
                }

                Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(path)), $"field {field}, bit {bit}");
                mended.Add(field);
            }
        }

        Assert.True(s_mended.ToHashSet().IsSubsetOf(mended), string.Join(", ", mended));
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

    [Fact]
    public void AnEntryWhoseGrainHasNoMarkerStaysAnErrorInANewTable()
    {
        string path = Export();
        long table = Table(path, 0);
        Patch.WriteUInt32(path, (Patch.ReadUInt32(path, table) * 512L) + 8, uint.MaxValue);
        Patch.WriteUInt32(path, Directory(path) + 8, 0x4de6_b2b5);

        VmdkRepairResult result = Repaired.Apply(path);

        Assert.NotEmpty(result.Changes);
        Assert.Empty(result.Lost);
        RequireAllBut(path, 0);
        result = Repaired.Apply(path, new VmdkRepairOptions { DropLost = true });
        Assert.Equal((0, 65536), (Assert.Single(result.Lost).OffsetBytes, result.Lost[0].LengthBytes));
        _content.Fill(0, 65536, ContentPattern.Zeros);
        DiskAssert.Holds(_content, path);
    }

    // Its table's directory entry is lost too, but the table itself is met by its marker, or by where that was.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ATableThatNothingLeadsToIsFoundByItsGrains(bool withoutMarker)
    {
        string path = Export();
        long table = Table(path, 1);
        int first = Enumerable.Range(0, 512).First(index => Patch.ReadUInt32(path, table + (index * 4)) != 0);
        Patch.WriteUInt32(path, (Patch.ReadUInt32(path, table + (first * 4)) * 512L) + 8, uint.MaxValue);
        Patch.WriteUInt32(path, Directory(path) + 4, 0x4de6_b2b5);
        if (withoutMarker)
        {
            Patch.WriteBytes(path, table - 512, new byte[512]);
        }

        Assert.Empty(Repaired.Apply(path).Lost);
        RequireAllBut(path, 512 + first);
    }

    [Fact]
    public void WhereTableAndMarkerAreGoneAnExportIsOnlyRebuiltOnRequest()
    {
        string path = Export();
        long table = Table(path, 1);
        long[] grains = [.. Enumerable.Range(0, 512).Where(index => Patch.ReadUInt32(path, table + (index * 4)) != 0)];
        Patch.WriteUInt32(path, (Patch.ReadUInt32(path, table + (grains[1] * 4)) * 512L) + 8, uint.MaxValue);
        Patch.WriteUInt32(path, Directory(path) + 4, 0x4de6_b2b5);
        Patch.WriteBytes(path, table - 512, [.. Enumerable.Repeat((byte)0xe5, 5 * 512)]);
        byte[] damaged = File.ReadAllBytes(path);

        VmdkRepairResult kept = Repaired.Apply(path);
        Assert.Empty(kept.Changes);
        Assert.Contains(VmdkRepairRemedy.DropLost, kept.Remedies);
        Assert.True(damaged.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
        VmdkRepairResult result = Repaired.Apply(path, new VmdkRepairOptions { DropLost = true });

        // Between the neighbours in the file; and from the last grain before what was the table to the first behind.
        long start = (512 + grains[1]) * 65536;
        Assert.Contains(result.Lost, lost => (lost.OffsetBytes, lost.LengthBytes) == (start, 65536));
        Assert.All(result.Lost, lost => Assert.InRange(lost.OffsetBytes, 32 << 20, (64 << 20) - 1));
        _content.Fill(start, 65536, ContentPattern.Zeros);
        DiskAssert.Holds(_content, path);
    }

    // Damaged in the middle besides, so that a grain of the part that is there can be nowhere.
    [Fact]
    public void AStreamCutShortWithAHoleInItSaysWhatTheHoleMayHaveHeld()
    {
        string path = Export();
        uint grain = Patch.ReadUInt32(path, Table(path, 0) + (128 * 4));
        uint last = Patch.ReadUInt32(path, Table(path, 0) + (256 * 4));
        Patch.SetLength(path, (last + 20) * 512L);
        Patch.WriteBytes(path, grain * 512L, new byte[40]);

        Assert.Empty(Repaired.Apply(path).Changes);
        VmdkRepairResult result = Repaired.Apply(path, new VmdkRepairOptions { DropLost = true });

        GuestStretchIs(Assert.Single(result.Lost), 4, 129);
        Assert.Equal(0, Checked.Check(path).Corruptions);
    }

    public enum Marked
    {
        FirstTable,
        LastTable,
        Directory,
        Footer,
        EndOfStream,
    }

    [Theory]
    [InlineData(Marked.FirstTable)]
    [InlineData(Marked.LastTable)]
    [InlineData(Marked.Directory)]
    [InlineData(Marked.Footer)]
    [InlineData(Marked.EndOfStream)]
    public void AMarkerOfMetadataThatIsGoneIsFoundAndWrittenAgain(Marked marked)
    {
        string path = Export();
        byte[] good = File.ReadAllBytes(path);
        long place = marked switch
        {
            Marked.FirstTable => Table(path, 0) - 512,
            Marked.LastTable => Table(path, 2) - 512,
            Marked.Directory => Directory(path) - 512,
            Marked.Footer => good.Length - 1536,
            _ => good.Length - 512,
        };

        // All zeros, which is the end of a stream; another length, another type, and the length of a grain.
        (int Offset, byte[] Bytes)[] damages = [(0, new byte[512]), (0, [6]), (12, [9]), (8, [7])];
        foreach ((int offset, byte[] bytes) in damages.Skip(marked == Marked.EndOfStream ? 1 : 0))
        {
            Patch.WriteBytes(path, place + offset, bytes);
            VmdkFinding finding = Assert.Single(Checked.Check(path).Findings);
            Assert.Equal((VmdkFindingKind.MarkerInvalid, (long?)place), (finding.Kind, finding.OffsetBytes));
            Repaired.Apply(path);
            Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(100, 0)]
    [InlineData(100, 0x55)]
    [InlineData(512, 0)]
    [InlineData(5000, 0x55)]
    [InlineData(1 << 19, 0)]
    public void WhatFollowsTheEndOfAStreamIsFoundAndCutOff(int lengthBytes, byte value)
    {
        string path = Export();
        byte[] good = File.ReadAllBytes(path);
        File.WriteAllBytes(path, [.. good, .. Enumerable.Repeat(value, lengthBytes)]);
        Assert.NotEqual(0, QemuImg.Check(path).ExitCode);
        VmdkFinding finding = Assert.Single(Checked.Check(path).Findings);
        Assert.Equal((VmdkFindingKind.FooterInvalid, (long?)good.Length), (finding.Kind, finding.OffsetBytes));
        Assert.Contains("other readers look for the footer at the file's end", finding.Text, StringComparison.Ordinal);
        Repaired.Apply(path);
        Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    // It may be of this stream, or of another one: two of them one behind the other are no disk that holds both.
    [Fact]
    public void BehindAnEndThatGrainsFollowNothingIsChanged()
    {
        string path = Export();
        byte[] good = File.ReadAllBytes(path);
        uint grain = Patch.ReadUInt32(path, Table(path, 0));
        byte[] stored = good[(int)(grain * 512)..(int)((grain * 512) + 65536)];
        BitConverter.TryWriteBytes(stored, 128ul * 77);
        File.WriteAllBytes(path, [.. good, .. stored]);
        VmdkRepairResult result = Repaired.Apply(path, new VmdkRepairOptions { DropLost = true });
        Checked.Findings(result.Before, VmdkFindingKind.FooterInvalid);
        Assert.Empty(result.Changes);
    }

    [Fact]
    public void GrainsOfAStreamWithoutItsDirectoryAreInflatedToo()
    {
        string path = Export();
        uint grain = Patch.ReadUInt32(path, Table(path, 0));
        Patch.WriteBytes(path, (grain * 512L) + 100, [1, 2, 3, 4, 5, 6, 7, 8]);
        Patch.SetLength(path, new FileInfo(path).Length - 1536);

        VmdkFinding finding = Assert.Single(Checked.Findings(Checked.Check(path), VmdkFindingKind.GrainDamaged));

        Assert.Equal(0, finding.GuestOffsetBytes);
    }

    [Fact]
    public void AStreamCutShortKeepsItsDamagedGrainsVisible()
    {
        string path = Export();
        long table = Table(path, 0);
        uint last = Patch.ReadUInt32(path, Table(path, 1) + (256 * 4));
        int[] grains = [1, 128, 257];
        foreach (int grain in grains)
        {
            Patch.WriteUInt32(path, (Patch.ReadUInt32(path, table + (grain * 4)) * 512L) + 8, uint.MaxValue);
        }

        Patch.SetLength(path, (last + 20) * 512L);

        Assert.Empty(Repaired.Apply(path).Lost);

        using var disk = VmdkDisk.Open(path);
        byte[] bytes = new byte[65536];
        Assert.All(grains, grain => Assert.Throws<VmdkException>(() => disk.Read(bytes, grain * 65536L)));
        disk.Read(bytes, 2 * 65536);
        DiskAssert.SameBytes(_content, 2 * 65536, bytes);
    }

    static void GuestStretchIs(VmdkLostRange lost, int firstGrain, int endGrain) => Assert.Equal(
        (firstGrain * 65536L, (endGrain - firstGrain) * 65536L), (lost.OffsetBytes, lost.LengthBytes));

    void RequireAllBut(string path, int grain)
    {
        using var disk = VmdkDisk.Open(path);
        byte[] bytes = new byte[65536];
        for (int at = 0; at < LengthBytes / 65536; at++)
        {
            if (at == grain)
            {
                Assert.Throws<VmdkException>(() => disk.Read(bytes, at * 65536L));
            }
            else
            {
                disk.Read(bytes, at * 65536L);
                DiskAssert.SameBytes(_content, at * 65536L, bytes);
            }
        }
    }

    static long Directory(string path) =>
        (long)HostedHeader.Read(path, new FileInfo(path).Length - 1024).DirectorySector * 512;

    static long Table(string path, int table) => Patch.ReadUInt32(path, Directory(path) + (table * 4)) * 512L;

    static void Replace(byte[] bytes, string text, string by)
    {
        int at = bytes.AsSpan(0, 1024).IndexOf(System.Text.Encoding.ASCII.GetBytes(text));
        Assert.True(at > 0);
        System.Text.Encoding.ASCII.GetBytes(by).CopyTo(bytes.AsSpan(at));
    }

    string Export(bool grainsBehind = true) => StreamImage.Write(
        _folder.Path, "disk", grainsBehind ? _content : Content(64),
        new StreamOptions { Layout = StreamLayout.Export });

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
