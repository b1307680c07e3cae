using VmdkFast.Tests.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>Extents that are devices: refused with what they are, and read from where the caller says.</summary>
public sealed class RawMappingTests
{
    const long LengthBytes = 4 << 20;

    [Theory]
    [InlineData("vmfsRDM", "VMFSRDM", "mapping file 'disk-rdm.vmdk'")]
    [InlineData("vmfsRawDeviceMap", "VMFSRDM", "mapping file 'disk-rdm.vmdk'")]
    [InlineData("vmfsRDMP", "VMFSRDM", "mapping file 'disk-rdm.vmdk'")]
    [InlineData("vmfsPassthroughRawDeviceMap", "VMFSRDM", "mapping file 'disk-rdm.vmdk'")]
    [InlineData("vmfsRaw", "VMFSRAW", "raw device 'disk-rdm.vmdk'")]
    [InlineData("vsanSparse", "VSANSPARSE", "deltas on vSAN")]
    public void AMappingIsRefusedWithWhatItIs(string createType, string type, string says)
    {
        using var folder = new TempFolder();
        string path = Write(folder, createType, type, Content());

        VmdkException refusal = Refusal.OfOpening(path);
        refusal.Says(VmdkErrorCode.Unsupported, path, null, "extent[0]", type);
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vmfsRDM", "VMFSRDM")]
    [InlineData("vmfsRDMP", "VMFSRDM")]
    [InlineData("vmfsRaw", "VMFSRAW")]
    [InlineData("fullDevice", "FLAT")]
    public void WithATargetItReadsAsAFlatExtent(string createType, string type)
    {
        using var folder = new TempFolder();
        GuestContent content = Content();
        string path = Write(folder, createType, type, content);
        string target = Path.Combine(folder.Subfolder("elsewhere"), "device.img");
        File.WriteAllBytes(target, content.Read(0, (int)LengthBytes));

        using var disk = VmdkDisk.Open(path, Mapped("disk-rdm.vmdk", target));
        DiskAssert.Holds(content, disk);
        Assert.Equal(target, disk.Layers[0].Extents[0].Path);
        Assert.Equal(VmdkExtentFormat.Flat, disk.Layers[0].Extents[0].Format);
    }

    [Fact]
    public void ATargetThatIsTooShortIsRefused()
    {
        using var folder = new TempFolder();
        string path = Write(folder, "vmfsRDM", "VMFSRDM", Content());
        File.WriteAllBytes(folder["device.img"], new byte[LengthBytes - 512]);

        Refusal.OfOpening(path, Mapped("disk-rdm.vmdk", folder["device.img"])).Says(
            VmdkErrorCode.Truncated, folder["device.img"], LengthBytes - 512, "length");
    }

    [Fact]
    public void AMappingOfAnotherNameHelpsNothing()
    {
        using var folder = new TempFolder();
        string path = Write(folder, "vmfsRDM", "VMFSRDM", Content());
        File.WriteAllBytes(folder["device.img"], new byte[LengthBytes]);

        Assert.Equal(
            VmdkErrorCode.Unsupported, Refusal.OfOpening(path, Mapped("DISK-rdm.vmdk", folder["device.img"])).Code);
    }

    [Fact]
    public void AMappedDeviceIsReadAndWritten()
    {
        using var folder = new TempFolder();
        GuestContent content = Content();
        File.WriteAllBytes(folder["backing"], content.Read(0, (int)LengthBytes));
        using LoopDevice device = LoopDevice.OrSkip(folder["backing"]);
        string path = Write(folder, "vmfsRDM", "VMFSRDM", content);

        using (var disk = VmdkDisk.Open(
            path, Mapped("disk-rdm.vmdk", device.Path) with { Access = VmdkOpenAccess.ReadWrite }))
        {
            DiskAssert.Holds(content, disk);
            byte[] data = new byte[8192];
            data.AsSpan().Fill(0x5A);
            disk.Write(data, 12288);
            content.Write(12288, data);
            DiskAssert.Holds(content, disk);
        }

        Assert.True(content.FirstDifference(0, File.ReadAllBytes(device.Path)) < 0);
    }

    // A device that only the image names is refused under every policy; the caller's mapping is another matter.
    [Theory]
    [InlineData("fullDevice")]
    [InlineData("partitionedDevice")]
    public void ADeviceThatTheImageNamesIsRefused(string createType)
    {
        using var folder = new TempFolder();
        GuestContent content = Content();
        File.WriteAllBytes(folder["backing"], content.Read(0, (int)LengthBytes));
        using LoopDevice device = LoopDevice.OrSkip(folder["backing"]);
        string path = Write(folder, createType, "FLAT", content, device.Path);

        foreach (VmdkReferencePolicy policy in (VmdkReferencePolicy[])
            [VmdkReferencePolicy.SameFolder, VmdkReferencePolicy.Anywhere, VmdkReferencePolicy.Below("/dev")])
        {
            VmdkException refusal = Assert.Throws<VmdkException>(
                () => VmdkDisk.Open(path, VmdkOpenOptions.Default with { References = policy }));
            Assert.True(
                refusal.Code is VmdkErrorCode.ReferenceRefused or VmdkErrorCode.FileMissing, refusal.Message);
        }

        DiskAssert.Holds(content, path, Mapped(device.Path, device.Path));
    }

    // As Workstation writes it: partition tables and gaps from one file, partitions from ranges of another.
    [Fact]
    public void PartitionsAreRangesOfOneFile()
    {
        using var folder = new TempFolder();
        const long Sectors = LengthBytes / 512;
        GuestContent content = new GuestContent(LengthBytes)
            .Fill(0, 2063 * 512, ContentPattern.Mixed, 4)
            .Fill(2163 * 512, (Sectors - 2163) * 512, ContentPattern.Stamp, 5);
        string path = DescriptorImage.Write(folder.Path, "disk", "partitionedDevice", content,
        [
            new FlatExtent { Sectors = 63, FileName = "disk-pt.vmdk" },
            new FlatExtent { Sectors = 2000, FileName = "device.img", OffsetSectors = 63 },
            new ZeroExtent { Sectors = 100 },
            new FlatExtent { Sectors = 1000, FileName = "device.img", OffsetSectors = 2200, Access = "RDONLY" },
            new FlatExtent { Sectors = Sectors - 3163, FileName = "disk-pt.vmdk", OffsetSectors = 63 },
        ]);
        GuestContent expected = content.Clone();
        using var disk = VmdkDisk.Open(path, VmdkOpenOptions.Default with { Access = VmdkOpenAccess.ReadWrite });
        DiskAssert.Holds(expected, disk);
        byte[] data = [.. Enumerable.Repeat((byte)0x77, 1024)];
        disk.Write(data, 62 * 512);
        expected.Write(62 * 512, data);
        DiskAssert.Holds(expected, disk);
        Assert.Equal(
            VmdkErrorCode.AccessRefused, Assert.Throws<VmdkException>(() => disk.Write(data, 2200 * 512)).Code);
    }

    [Fact]
    public void AReadOnlyRangeThatComesFirstKeepsNoOtherFromBeingWritten()
    {
        using var folder = new TempFolder();
        GuestContent content = Content();
        const long Half = LengthBytes / 1024;
        string path = DescriptorImage.Write(folder.Path, "disk", "partitionedDevice", content,
        [
            new FlatExtent { Sectors = Half, FileName = "device.img", Access = "RDONLY" },
            new FlatExtent { Sectors = Half, FileName = "device.img", OffsetSectors = Half },
        ]);

        using var disk = VmdkDisk.Open(path, VmdkOpenOptions.Default with { Access = VmdkOpenAccess.ReadWrite });
        byte[] data = [.. Enumerable.Repeat((byte)0x33, 512)];
        disk.Write(data, Half * 512);
        content.Write(Half * 512, data);
        Assert.Equal(VmdkErrorCode.AccessRefused, Assert.Throws<VmdkException>(() => disk.Write(data, 0)).Code);
        DiskAssert.Holds(content, disk);
    }

    [Fact]
    public void RangesThatOverlapAreRefused()
    {
        using var folder = new TempFolder();
        string path = DescriptorImage.Write(folder.Path, "disk", "partitionedDevice", new GuestContent(2048 * 512),
        [
            new FlatExtent { Sectors = 1024, FileName = "device.img" },
            new FlatExtent { Sectors = 1024, FileName = "device.img", OffsetSectors = 1023 },
        ]);

        Refusal.OfOpening(path).Says(VmdkErrorCode.ReferenceRefused, path, null, "extent");
    }

    static GuestContent Content() => GuestContent.Scattered(LengthBytes, seed: 21);

    static VmdkOpenOptions Mapped(string name, string target) => VmdkOpenOptions.Default with
    {
        RawMappings = new Dictionary<string, string> { [name] = target },
    };

    static string Write(
        TempFolder folder, string createType, string type, GuestContent content, string name = "disk-rdm.vmdk")
    {
        string path = folder["disk.vmdk"];
        string offset = type == "FLAT" ? " 0" : "";
        DescriptorText text = new DescriptorText().Completed(
            "disk", createType, content.LengthSectors, [$"RW {content.LengthSectors} {type} \"{name}\"{offset}"], null);
        File.WriteAllBytes(path, text.ToBytes());
        return path;
    }
}
