using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>Streams with their tables in front: what the tables have lost is made from the grains' markers.</summary>
public sealed class LocalStreamRepairTests : IDisposable
{
    const int LengthBytes = 80 << 20;
    const int Tables = 3;

    readonly TempFolder _folder = new();
    readonly GuestContent _content = Content();

    public static TheoryData<StreamLayout, string> Losses
    {
        get
        {
            var losses = new TheoryData<StreamLayout, string>();
            foreach (string part in new[] { "directory", "entry of the directory", "table", "entry", "both" })
            {
                losses.Add(StreamLayout.Local, part);
                losses.Add(StreamLayout.Qemu, part);
            }

            return losses;
        }
    }

    public void Dispose() => _folder.Dispose();

    // Each entry of a table leads to another one's grain: none can be believed, and no marker either.
    [Theory]
    [InlineData(StreamLayout.Local)]
    [InlineData(StreamLayout.Qemu)]
    public void WhatWasGivenUpAndTurnedUpAgainIsNotListed(StreamLayout layout)
    {
        string path = Write(layout);
        foreach (bool copy in layout == StreamLayout.Qemu ? [false, true] : new[] { false })
        {
            long directory = copy ? Checked.CopyDirectory(path) : Checked.Directory(path);
            long table = Patch.ReadUInt32(path, directory + 4) * 512L;
            byte[] bytes = Patch.ReadBytes(path, table, 2048);
            int[] used = [.. Enumerable.Range(0, 512).Where(i => BitConverter.ToUInt32(bytes, i * 4) != 0)];
            Assert.True(used.Length > 2);
            for (int i = 0; i < used.Length; i++)
            {
                uint next = BitConverter.ToUInt32(bytes, used[(i + 1) % used.Length] * 4);
                Patch.WriteUInt32(path, table + (used[i] * 4), next);
            }
        }

        Assert.True(Checked.Check(path).Corruptions > 2);

        VmdkRepairResult result = Repaired.Apply(path, new VmdkRepairOptions { DropLost = true });

        Assert.Empty(result.Lost);
        DiskAssert.Holds(_content, path);
        Checked.IsClean(path);
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void WhatWasZeroedIsMadeFromTheMarkers(StreamLayout layout, string part)
    {
        string path = Write(layout);
        byte[] good = File.ReadAllBytes(path);
        foreach (bool copy in layout == StreamLayout.Qemu ? [false, true] : new[] { false })
        {
            long directory = copy ? Checked.CopyDirectory(path) : Checked.Directory(path);
            long table = Patch.ReadUInt32(path, directory + 4) * 512L;
            if (part is "table" or "both")
            {
                Patch.WriteBytes(path, table, new byte[2048]);
            }

            if (part is "directory" or "both")
            {
                Patch.WriteBytes(path, directory, new byte[Tables * 4]);
            }
            else if (part != "table")
            {
                Patch.WriteUInt32(path, part == "entry" ? FirstUsed(path, table) : directory + 4, 0);
            }
        }

        VmdkCheckResult found = Checked.Check(path);
        Assert.All(found.Findings, finding => Assert.Equal(VmdkFindingKind.GrainWithoutEntry, finding.Kind));
        Assert.Equal(VmdkFindingSeverity.Corruption, found.Findings[0].Severity);
        VmdkRepairOptions leaks = new() { Scope = VmdkRepairScope.Leaks, DropLost = true };
        Assert.Empty(Repaired.Apply(path, leaks).Changes);

        VmdkRepairResult result = Repaired.Apply(path);

        Assert.Empty(result.Lost);
        Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
        DiskAssert.Holds(_content, path);
    }

    [Fact]
    public void OfTwoGrainsThatClaimOneEmptyPlaceNoneIsTakenAndNoneIsFreed()
    {
        string path = Write(StreamLayout.Local);
        long entry = FirstUsed(path, Checked.Table(path));
        long next = Patch.ReadUInt32(path, entry + 4) * 512L;
        Patch.WriteUInt64(path, next, Patch.ReadUInt32(path, entry) == 0 ? 1 : 0ul);
        Patch.WriteUInt32(path, entry, 0);
        Patch.WriteUInt32(path, entry + 4, 0);
        byte[] damaged = File.ReadAllBytes(path);
        Assert.Equal((0, 2), (Checked.Check(path).Corruptions, Checked.Check(path).Leaks));
        Assert.Empty(Repaired.Apply(path, new VmdkRepairOptions { DropLost = true }).Changes);
        Assert.True(damaged.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    [Fact]
    public void AGrainThatDoesNotInflateGetsNoEntryAndIsNotFreed()
    {
        string path = Write(StreamLayout.Local);
        long entry = LastUsed(path);
        Patch.WriteBytes(path, (Patch.ReadUInt32(path, entry) * 512L) + 30, [1, 2, 3, 4, 5, 6]);
        Patch.WriteUInt32(path, entry, 0);
        Assert.Equal((0, 1), (Checked.Check(path).Corruptions, Checked.Check(path).Leaks));
        Assert.Empty(Repaired.Apply(path, new VmdkRepairOptions { DropLost = true }).Changes);
    }

    // What was stored before the power went, and has no entry yet, is no damage.
    [Fact]
    public void BehindAWriterThatWasCutShortAGrainWithoutEntryIsALeak()
    {
        string path = Write(StreamLayout.Local);
        Patch.WriteUInt32(path, LastUsed(path), 0);
        Patch.WriteBytes(path, 72, [1]);
        Assert.Equal((0, 1), (Checked.Check(path).Corruptions, Checked.Check(path).Leaks));
    }

    // Entries that were written, of tables that no directory names any more, are no sign of that.
    [Fact]
    public void BehindAWriterThatWasCutShortALostDirectoryIsDamage()
    {
        string path = Write(StreamLayout.Local);
        Patch.WriteBytes(path, 72, [1]);
        byte[] good = File.ReadAllBytes(path);
        Patch.WriteBytes(path, Checked.Directory(path), new byte[Tables * 4]);

        Assert.All(
            Checked.Findings(Checked.Check(path), VmdkFindingKind.GrainWithoutEntry),
            finding => Assert.Equal(VmdkFindingSeverity.Corruption, finding.Severity));
        Repaired.Apply(path, new VmdkRepairOptions { Check = new VmdkCheckOptions { Deep = false } });

        Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    // Either the table is wrong or the markers are. Grains in each other's place would read without an error.
    [Theory]
    [InlineData(StreamLayout.Local, false)]
    [InlineData(StreamLayout.Local, true)]
    [InlineData(StreamLayout.Export, false)]
    [InlineData(StreamLayout.Export, true)]
    public void AMarkerOverrulesNoEntryOfAnotherGrain(StreamLayout layout, bool isSwapped)
    {
        string path = Write(layout);
        long[] places;
        using (VmdkDisk disk = VmdkDisk.Open(path))
        {
            places = [.. disk.Map(TestContext.Current.CancellationToken)
                .Where(run => run.Kind == VmdkRunKind.Compressed).Select(run => run.FileOffsetBytes!.Value)];
        }

        ulong first = BitConverter.ToUInt64(Patch.ReadBytes(path, places[1], 8));
        ulong second = BitConverter.ToUInt64(Patch.ReadBytes(path, places[2], 8));
        Patch.WriteUInt64(path, places[1], second);
        Patch.WriteUInt64(path, places[2], isSwapped ? first : second);
        byte[] damaged = File.ReadAllBytes(path);

        VmdkRepairResult result = Repaired.Apply(path);

        Assert.NotEqual(0, result.After!.Corruptions);
        Assert.True(damaged.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
        using VmdkDisk reopened = VmdkDisk.Open(path);
        Assert.Throws<VmdkException>(() => reopened.Read(new byte[512], (long)first * 512));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AnEndThatNoEntryNamesIsSetRight(bool isNamed)
    {
        string path = Write(StreamLayout.Local);
        byte[] good = File.ReadAllBytes(path);
        long entry = LastUsed(path);
        long grain = Patch.ReadUInt32(path, entry) * 512L;
        Patch.SetLength(path, grain + 600);
        if (!isNamed)
        {
            Patch.WriteUInt32(path, entry, 0);
        }

        VmdkRepairResult result = Repaired.Apply(path);

        Assert.Empty(result.Lost);
        Assert.Equal(isNamed, result.Changes.Count == 0);
        Assert.Equal(isNamed ? grain + 600 : grain + 512, new FileInfo(path).Length);
        int kept = (int)grain - 65536;
        Assert.True(good.AsSpan(65536, kept).SequenceEqual(File.ReadAllBytes(path).AsSpan(65536, kept)));
    }

    [Theory]
    [InlineData(StreamLayout.Local, false)]
    [InlineData(StreamLayout.Local, true)]
    [InlineData(StreamLayout.Export, false)]
    [InlineData(StreamLayout.Export, true)]
    public void OnlyADeepCheckMayCallAStreamClean(StreamLayout layout, bool isDeep)
    {
        string path = Write(layout);
        Patch.WriteBytes(path, 72, [1]);
        if (layout == StreamLayout.Export)
        {
            Patch.WriteBytes(path, new FileInfo(path).Length - 1024 + 72, [1]);
        }

        Repaired.Apply(path, new VmdkRepairOptions { Check = new VmdkCheckOptions { Deep = isDeep } });
        Assert.Equal(!isDeep, Checked.Check(path).Findings.Any(finding => finding.Kind == VmdkFindingKind.Unclean));
    }

    string Write(StreamLayout layout) =>
        StreamImage.Write(_folder.Path, $"{layout}", _content, new StreamOptions { Layout = layout });

    static long FirstUsed(string path, long table) => Enumerable.Range(0, 512).Select(index => table + (index * 4))
        .First(place => Patch.ReadUInt32(path, place) != 0);

    static long LastUsed(string path)
    {
        long table = Patch.ReadUInt32(path, Checked.Directory(path) + ((Tables - 1) * 4)) * 512L;
        return Enumerable.Range(0, 512).Select(index => table + (index * 4))
            .Last(place => Patch.ReadUInt32(path, place) != 0);
    }

    // A quarter of a mebibyte of text in every eight, so that each of three tables holds some grains.
    static GuestContent Content()
    {
        var content = new GuestContent(LengthBytes);
        for (int at = 0; at < LengthBytes; at += 8 << 20)
        {
            content.Fill(at, 1 << 18, ContentPattern.Text, 1);
        }

        return content;
    }
}
