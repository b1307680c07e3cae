using System.Text.Json;
using VmdkFast.Tests.Support;
using Xunit;
using static VmdkFast.Tests.Creating.Created;

namespace VmdkFast.Tests.Creating;

/// <summary>A disk made here beside the one that qemu-img makes of the same options.</summary>
public sealed class QemuTwinTests : IDisposable
{
    readonly TempFolder _folder = new();

    public static TheoryData<VmdkDiskKind, long> KindsAndLengths()
    {
        var data = new TheoryData<VmdkDiskKind, long>();
        foreach (long length in new[] { 512, 65536, MiB, GiB, 2 * GiB, 5 * GiB, 2 * TiB })
        {
            data.Add(VmdkDiskKind.MonolithicSparse, length);
            data.Add(VmdkDiskKind.TwoGbMaxExtentSparse, length);
            data.Add(VmdkDiskKind.MonolithicFlat, length);
            data.Add(VmdkDiskKind.TwoGbMaxExtentFlat, length);
            data.Add(VmdkDiskKind.StreamOptimized, length);
        }

        data.Add(VmdkDiskKind.MonolithicSparse, 62 * TiB);
        data.Add(VmdkDiskKind.StreamOptimized, 62 * TiB);
        data.Add(VmdkDiskKind.TwoGbMaxExtentFlat, 1000 * GiB);
        return data;
    }

    [Theory]
    [MemberData(nameof(KindsAndLengths))]
    public async Task BothHaveTheSameFilesLengthsAndGeometry(VmdkDiskKind kind, long lengthBytes)
    {
        string theirs = Path.Combine(_folder.Subfolder("theirs"), "disk.vmdk");
        string ours = Path.Combine(_folder.Subfolder("ours"), "disk.vmdk");
        QemuImg.Create(theirs, lengthBytes, $"subformat={SubformatOf(kind)}");
        await MakeAsync(ours, kind, lengthBytes);

        Assert.Equal(Names(_folder["theirs"]), Names(_folder["ours"]));
        JsonElement expected = QemuImg.Info(theirs), found = QemuImg.Info(ours);
        Assert.Equal(
            expected.GetProperty("virtual-size").GetInt64(), found.GetProperty("virtual-size").GetInt64());
        Assert.Equal(QemuExtents(expected), QemuExtents(found));
        if (lengthBytes <= 5 * GiB)
        {
            // It looks at every grain: 62 TiB would take minutes.
            Assert.Equal(QemuImg.Check(theirs).ExitCode, QemuImg.Check(ours).ExitCode);
        }

        Peers.Run("qemu-io", "-r", "-f", "vmdk", "-c", $"read -P 0 {lengthBytes - 512} 512", ours).MustSucceed();
        ReadsAsZeros(ours, lengthBytes);

        using VmdkDisk twin = VmdkDisk.Open(theirs), disk = VmdkDisk.Open(ours);
        VmdkGeometry theirGeometry = twin.Layers[0].Geometry!.Value, ourGeometry = disk.Layers[0].Geometry!.Value;

        // QEMU states 0 cylinders for a tiny disk and knows no upper bound; for the rest the rule is one.
        Assert.Equal(Math.Clamp(theirGeometry.Cylinders, 1, 16383), ourGeometry.Cylinders);
        Assert.Equal((16u, 63u), (ourGeometry.Heads, ourGeometry.Sectors));
        Assert.Equal(kind, disk.Layers[0].Kind);
    }

    [Theory]
    [InlineData(VmdkDiskKind.MonolithicSparse, 512)]
    [InlineData(VmdkDiskKind.MonolithicSparse, 62 * TiB)]
    [InlineData(VmdkDiskKind.TwoGbMaxExtentSparse, 5 * GiB)]
    [InlineData(VmdkDiskKind.MonolithicFlat, MiB)]
    [InlineData(VmdkDiskKind.TwoGbMaxExtentFlat, 5 * GiB)]
    [InlineData(VmdkDiskKind.StreamOptimized, 5 * GiB)]
    [InlineData(VmdkDiskKind.Vmfs, MiB)]
    [InlineData(VmdkDiskKind.VmfsThin, 5 * GiB)]
    [InlineData(VmdkDiskKind.VmfsSparse, 5 * GiB)]
    public async Task LibvmdkReadsTheSameLengthAndIds(VmdkDiskKind kind, long lengthBytes)
    {
        string path = await MakeAsync(_folder["disk.vmdk"], Fixed(kind, lengthBytes));
        string said = Peers.Run("vmdkinfo", path).MustSucceed().Output;
        Assert.Contains($"{lengthBytes} bytes)", said, StringComparison.Ordinal);
        Assert.Contains("0x12345678", said, StringComparison.Ordinal);
        int extents = kind is VmdkDiskKind.TwoGbMaxExtentSparse or VmdkDiskKind.TwoGbMaxExtentFlat ? 3 : 1;
        Assert.Matches($@"Number of extents:\s+{extents}\s", said);
    }

    [Theory]
    [InlineData(VmdkDiskKind.Vmfs, 512)]
    [InlineData(VmdkDiskKind.Vmfs, 5 * GiB)]
    [InlineData(VmdkDiskKind.VmfsSparse, 512)]
    [InlineData(VmdkDiskKind.VmfsSparse, 5 * GiB)]
    [InlineData(VmdkDiskKind.VmfsSparse, 2 * TiB - 512)]
    public async Task QemuReadsDisksOfEsx(VmdkDiskKind kind, long lengthBytes)
    {
        string path = await MakeAsync(_folder["disk.vmdk"], kind, lengthBytes);
        Assert.Equal(lengthBytes, QemuImg.Info(path).GetProperty("virtual-size").GetInt64());
        Peers.Run("qemu-io", "-r", "-f", "vmdk", "-c", $"read -P 0 {lengthBytes - 512} 512", path).MustSucceed();
        ReadsAsZeros(path, lengthBytes);
    }

    [Theory]
    [InlineData(VmdkDiskKind.MonolithicSparse, false)]
    [InlineData(VmdkDiskKind.MonolithicSparse, true)]
    [InlineData(VmdkDiskKind.TwoGbMaxExtentSparse, true)]
    [InlineData(VmdkDiskKind.TwoGbMaxExtentFlat, false)]
    public async Task WhatQemuWritesIsReadHere(VmdkDiskKind kind, bool zeroGrains)
    {
        const long LengthBytes = (5 * GiB) - 512;
        string path = await MakeAsync(_folder["disk.vmdk"], new VmdkCreateOptions
        {
            Kind = kind,
            LengthBytes = LengthBytes,
            ZeroGrains = zeroGrains,
            Sync = false,
        });
        Peers.Run(
            "qemu-io", "-f", "vmdk", "-c", "write -P 1 0 64k", "-c", "write -P 2 2147483136 1k",
            "-c", $"write -P 3 {LengthBytes - 4096} 4096", "-c", "write -z 0 64k", path).MustSucceed();
        Assert.Equal(0, QemuImg.Check(path).ExitCode);
        using VmdkDisk disk = VmdkDisk.Open(path);
        var bytes = new byte[1024];
        disk.Read(bytes, 2 * GiB - 512);
        Assert.Equal(-1, bytes.AsSpan().IndexOfAnyExcept((byte)2));
        disk.Read(bytes, LengthBytes - 1024);
        Assert.Equal(-1, bytes.AsSpan().IndexOfAnyExcept((byte)3));
        disk.Read(bytes, 0);
        Assert.Equal(-1, bytes.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Theory]
    [InlineData("disk", "disk-s001")]
    [InlineData("disk.img", "disk-s001.img")]
    [InlineData("a.b.vmdk", "a.b-s001.vmdk")]
    [InlineData("disk mit Umlaut ä.vmdk", "disk mit Umlaut ä-s001.vmdk")]
    public async Task ExtentsAreNamedAsQemuNamesThem(string name, string extentName)
    {
        QemuImg.Create(Path.Combine(_folder.Subfolder("theirs"), name), MiB, "subformat=twoGbMaxExtentSparse");
        string path = await MakeAsync(
            Path.Combine(_folder.Subfolder("ours"), name), VmdkDiskKind.TwoGbMaxExtentSparse, MiB);
        Assert.Equal(Names(_folder["theirs"]), Names(_folder["ours"]));
        Assert.Contains(extentName, Names(_folder["ours"]));
        ReadsAsZeros(path, MiB);
    }

    public void Dispose() => _folder.Dispose();
}
