using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>Streams are set right from the markers of their grains, also when their end is missing.</summary>
public sealed class StreamRepairTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0.99)]
    [InlineData(0.7)]
    [InlineData(0.5)]
    [InlineData(0.1)]
    [InlineData(0.0)]
    public void AStreamThatWasCutShortHoldsWhatIsLeftOfIt(double part)
    {
        GuestContent content = Content(40 << 20, 1);
        string path = Export(content);
        long start = (long)HostedHeader.Read(path).OverheadSectors * 512;
        long length = start + (long)((new FileInfo(path).Length - start) * part);
        Dictionary<long, long> grains = Grains(path);
        Patch.SetLength(path, length);
        Assert.Throws<VmdkException>(() => VmdkDisk.Open(path));

        VmdkRepairResult result = Repaired.Apply(path);

        Assert.Equal(VmdkFindingKind.FooterInvalid, result.Before.Findings[0].Kind);
        long missing = grains.Where(grain => grain.Value <= length).Max(grain => (long?)grain.Key + 1) * 65536 ?? 0;

        // The last hundredth of the file is tables.
        Assert.Equal(
            part < 0.99,
            result.Changes[^1].Reason.Contains(
                $"from disk byte {missing} on nothing is in the file", StringComparison.Ordinal));
        Checked.IsClean(path);
        using (var disk = VmdkDisk.Open(path))
        {
            byte[] grain = new byte[65536];
            for (long at = 0; at < disk.Length; at += grain.Length)
            {
                disk.Read(grain, at);
                if (grains.TryGetValue(at / grain.Length, out long end) && end <= length)
                {
                    DiskAssert.SameBytes(content, at, grain);
                }
                else
                {
                    Assert.False(grain.AsSpan().ContainsAnyExcept((byte)0));
                }
            }
        }

        Assert.Equal(0, QemuImg.Check(path).ExitCode);
        string ours = SparseImage.Write(_folder.Path, "again", Copy(path));
        Assert.True(QemuImg.Compare(path, ours));
        Repaired.Undo(result.JournalPath!);
        Assert.Equal(length, new FileInfo(path).Length);
    }

    [Theory]
    [InlineData(StreamDamage.BadFooter)]
    [InlineData(StreamDamage.FooterDisagrees)]
    public void AFooterIsMadeAnew(StreamDamage damage)
    {
        GuestContent content = Content(40 << 20, 2);
        string path = Export(content, damage);
        Repaired.Apply(path);
        Checked.IsClean(path);
        DiskAssert.Holds(content, path);
        Assert.Equal(0, QemuImg.Check(path).ExitCode);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(0x7fff_ffffu)]
    [InlineData(130u)]
    public void AnExportsEntryIsRestoredFromTheMarker(uint entry)
    {
        GuestContent content = Content(40 << 20, 3);
        string path = Export(content);
        byte[] good = File.ReadAllBytes(path);
        long footer = good.Length - 1024;
        long directory = (long)HostedHeader.Read(path, footer).DirectorySector * 512;
        long table = Patch.ReadUInt32(path, directory) * 512L;
        Patch.WriteUInt32(path, table, entry);
        Repaired.Apply(path);
        Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(path)));

        // A table that is named nowhere any more is made anew.
        Patch.WriteUInt32(path, directory, entry);
        Repaired.Apply(path);
        Checked.IsClean(path);
        DiskAssert.Holds(content, path);
    }

    [Fact]
    public void ALocalStreamsEntryIsRestoredFromTheMarker()
    {
        GuestContent content = Content(1 << 20, 4);
        string path = StreamImage.Write(
            _folder.Path, "local", content, new StreamOptions { Layout = StreamLayout.Local });
        byte[] good = File.ReadAllBytes(path);
        Patch.WriteUInt32(path, Checked.Table(path) + 20, Checked.Entry(path, 6));
        Patch.WriteUInt32(path, Checked.Table(path) + 24, 0x7fff_ffff);
        Repaired.Apply(path);
        Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    [Fact]
    public void ALocalStreamThatWasCutShortGivesUpItsEndOnlyOnRequest()
    {
        GuestContent content = Content(1 << 20, 5);
        string path = StreamImage.Write(
            _folder.Path, "local", content, new StreamOptions { Layout = StreamLayout.Local });
        Patch.SetLength(path, (Checked.Entry(path, 12) * 512L) + 40);
        Assert.False(Repaired.Apply(path).After!.IsSound);

        VmdkRepairResult result = Repaired.Apply(path, new VmdkRepairOptions { DropLost = true });

        Assert.Equal(4, result.Lost.Count);
        Checked.IsClean(path);
        DiskAssert.Holds(content.Fill(12 * 65536, 4 * 65536, ContentPattern.Zeros), path);
    }

    [Fact]
    public void ZeroGrainsOfTheOldTablesStay()
    {
        GuestContent content = Content(40 << 20, 6);
        var zeros = new GuestRange(20 << 20, 1 << 20);
        content.Fill(zeros.OffsetBytes, 1 << 20, ContentPattern.Zeros);
        string path = StreamImage.Write(_folder.Path, "disk", content, new StreamOptions { ZeroRanges = [zeros] });
        long footer = new FileInfo(path).Length - 1024;
        Patch.WriteUInt32(path, footer + 20, 64);
        Repaired.Apply(path);
        Checked.IsClean(path);
        footer = new FileInfo(path).Length - 1024;
        long table = Patch.ReadUInt32(path, (long)HostedHeader.Read(path, footer).DirectorySector * 512) * 512L;
        Assert.Equal(1u, Patch.ReadUInt32(path, table + (20 * 16 * 4)));
    }

    [Theory]
    [InlineData("flat", null, "monolithicFlat")]
    [InlineData("flat", VmdkDiskKind.Vmfs, "vmfs")]
    [InlineData("s001", null, "twoGbMaxExtentSparse")]
    [InlineData("f001", null, "twoGbMaxExtentFlat")]
    public void ALostDescriptorIsMadeFromTheExtents(string suffix, VmdkDiskKind? kind, string createType)
    {
        GuestContent content = Content(1 << 20, 7);
        string path = suffix switch
        {
            "flat" => FlatImage.Write(_folder.Path, "disk", content),
            "s001" => SplitSparseImage.Write(_folder.Path, "disk", content, 1024),
            _ => FlatImage.Write(_folder.Path, "disk", content, "twoGbMaxExtentFlat", 1024),
        };
        string extent = _folder[$"disk-{suffix}.vmdk"];
        Assert.Throws<VmdkException>(() => VmdkImage.RebuildDescriptor(path, extent, kind, apply: true));
        File.Delete(path);
        string text = VmdkImage.RebuildDescriptor(path, extent, kind).Text;
        Assert.False(File.Exists(path));
        Assert.Contains($"createType=\"{createType}\"", text, StringComparison.Ordinal);

        VmdkImage.RebuildDescriptor(path, extent, kind, apply: true);

        DiskAssert.Holds(content, path);
        Checked.IsClean(path, content.LengthSectors < 64 * 32 ? [VmdkFindingKind.GeometryDisagrees] : []);
        Assert.Equal(QemuImg.ToRawHash(path), Hash(content));
    }

    [Fact]
    public void ADiskWithoutAPartInTheMiddleIsNotMade()
    {
        string path = SplitSparseImage.Write(_folder.Path, "disk", Content(2 << 20, 7), 1024);
        File.Delete(path);
        File.Delete(_folder["disk-s002.vmdk"]);
        VmdkException refusal = Assert.Throws<VmdkException>(
            () => VmdkImage.RebuildDescriptor(path, _folder["disk-s001.vmdk"], apply: true));
        Assert.Equal((VmdkErrorCode.FileMissing, _folder["disk-s002.vmdk"]), (refusal.Code, refusal.Path));
        Assert.False(File.Exists(path));

        // What ends before the gap is a disk; of another name is another's.
        File.Delete(_folder["disk-s003.vmdk"]);
        File.Move(_folder["disk-s004.vmdk"], _folder["other-s004.vmdk"]);
        Assert.NotEmpty(VmdkImage.RebuildDescriptor(path, _folder["disk-s001.vmdk"]).Text);
    }

    [Theory]
    [InlineData("# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType=\"vmfs\"\n")]
    [InlineData("# Disk DescriptorFile\nversion=1\nCID=1\nCID=2\nRW 2048 FLAT \"disk-flat.vmdk\" 0\n")]
    [InlineData("\0\0\0\0\0")]
    [InlineData("")]
    public void ADescriptorThatIsNoneIsKeptBesideTheNewOne(string text)
    {
        GuestContent content = Content(1 << 20, 7);
        string path = FlatImage.Write(_folder.Path, "disk", content);
        File.WriteAllText(path, text);
        File.WriteAllText(path + ".damaged", "older");

        Assert.Equal(
            path + ".damaged-2", VmdkImage.RebuildDescriptor(path, _folder["disk-flat.vmdk"]).KeptPath);
        Assert.Equal(text, File.ReadAllText(path));
        VmdkRebuiltDescriptor made = VmdkImage.RebuildDescriptor(path, _folder["disk-flat.vmdk"], apply: true);

        Assert.Equal(path + ".damaged-2", made.KeptPath);
        Assert.Equal(text, File.ReadAllText(made.KeptPath!));
        Assert.Equal("older", File.ReadAllText(path + ".damaged"));
        DiskAssert.Holds(content, path);
    }

    [Theory]
    [InlineData("disk-flat.vmdk")]
    [InlineData("other.vmdk")]
    [InlineData("long.vmdk")]
    public void NoImageIsSetAsideForADescriptor(string name)
    {
        FlatImage.Write(_folder.Path, "disk", Content(1 << 20, 7));
        SparseImage.Write(_folder.Path, "other", Content(1 << 20, 1));
        File.WriteAllBytes(_folder["long.vmdk"], new byte[(1 << 20) + 1]);
        string[] before = Directory.GetFiles(_folder.Path);
        byte[] bytes = File.ReadAllBytes(_folder[name]);
        VmdkException refusal = Assert.Throws<VmdkException>(
            () => VmdkImage.RebuildDescriptor(_folder[name], _folder["disk-flat.vmdk"], apply: true));
        Assert.Equal(VmdkErrorCode.TargetRefused, refusal.Code);
        Assert.Equal(before.Order(), Directory.GetFiles(_folder.Path).Order());
        Assert.Equal(bytes, File.ReadAllBytes(_folder[name]));
    }

    [Fact]
    public void AnExtentThatDoesNotFitIsNoDescriptorsExtent()
    {
        string flat = _folder["odd-flat.vmdk"];
        File.WriteAllBytes(flat, new byte[1000]);
        Assert.Throws<VmdkException>(() => VmdkImage.RebuildDescriptor(_folder["odd.vmdk"], flat));
        Assert.Throws<ArgumentException>(() => VmdkImage.RebuildDescriptor(_folder["odd.vmdk"], "/tmp/x-flat.vmdk"));
        string sparse = SparseImage.Write(_folder.Path, "sparse", Content(1 << 20, 1));
        Assert.Throws<VmdkException>(() => VmdkImage.RebuildDescriptor(_folder["odd.vmdk"], sparse));
    }

    string Export(GuestContent content, StreamDamage damage = StreamDamage.None) => StreamImage.Write(
        _folder.Path, "disk", content, new StreamOptions { Layout = StreamLayout.Export, Damage = damage });

    // Half a mebibyte of text in every four, so that each table of 32 MiB holds some grains.
    static GuestContent Content(int lengthBytes, int seed)
    {
        var content = new GuestContent(lengthBytes);
        for (int at = 0; at < lengthBytes; at += 4 << 20)
        {
            int length = lengthBytes == 1 << 20 ? 1 << 20 : 1 << 19;
            content.Fill(at, Math.Min(lengthBytes - at, length), ContentPattern.Text, seed);
        }

        return content;
    }

    static GuestContent Copy(string path)
    {
        using var disk = VmdkDisk.Open(path);
        byte[] bytes = new byte[disk.Length];
        disk.Read(bytes, 0);
        var content = new GuestContent(disk.Length);
        content.Write(0, bytes);
        return content;
    }

    static string Hash(GuestContent content) => Convert.ToHexStringLower(
        System.Security.Cryptography.SHA256.HashData(content.Read(0, (int)content.LengthBytes)));

    // Where each grain ends in the file.
    static Dictionary<long, long> Grains(string path)
    {
        long footer = new FileInfo(path).Length - 1024;
        HostedHeader header = HostedHeader.Read(path, footer);
        var ends = new Dictionary<long, long>();
        for (int table = 0; table < ((int)header.CapacitySectors + 65535) / 65536; table++)
        {
            long entries = Patch.ReadUInt32(path, ((long)header.DirectorySector * 512) + (table * 4)) * 512L;
            for (int index = 0; entries != 0 && index < 512; index++)
            {
                long grain = Patch.ReadUInt32(path, entries + (index * 4)) * 512L;
                if (grain > 512)
                {
                    ends[(table * 512L) + index] = grain + 12 + Patch.ReadUInt32(path, grain + 8);
                }
            }
        }

        return ends;
    }
}
