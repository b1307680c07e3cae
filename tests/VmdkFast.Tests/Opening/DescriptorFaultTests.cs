using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>Descriptors that say too little, too much, or what cannot be; and files that are no image at all.</summary>
public sealed class DescriptorFaultTests
{
    const string Head = "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n";
    const string Type = "createType=\"monolithicFlat\"\n";
    const string Line = "RW 1 FLAT \"a.img\" 0\n";

    [Theory]
    [InlineData(Head + Line, VmdkErrorCode.DescriptorInvalid, "createType")]
    [InlineData("version=1\nparentCID=ffffffff\n" + Type + Line, VmdkErrorCode.DescriptorInvalid, "CID")]
    [InlineData("version=1\nCID=xyz\nparentCID=ffffffff\n" + Type + Line, VmdkErrorCode.DescriptorInvalid, "CID")]
    [InlineData("version=1\nCID=123456789\n" + Type + Line, VmdkErrorCode.DescriptorInvalid, "CID")]
    [InlineData(Head + Type, VmdkErrorCode.DescriptorInvalid, "extents")]
    [InlineData(Head + Type + "garbage\n" + Line, VmdkErrorCode.DescriptorInvalid, "line 6")]
    [InlineData(Head + Type + "createType=\"vmfs\"\n" + Line, VmdkErrorCode.DescriptorInvalid, "createType")]
    [InlineData(Head + Type + "RW 1 FLAT a.img 0\n", VmdkErrorCode.DescriptorInvalid, "extent 0")]
    [InlineData(Head + Type + "RW -1 FLAT \"a.img\" 0\n", VmdkErrorCode.DescriptorInvalid, "extent 0")]
    [InlineData(Head + Type + "RW 0 FLAT \"a.img\" 0\n", VmdkErrorCode.DescriptorInvalid, "extent 0")]
    [InlineData(Head + Type + "RW 1 FLAT \"a.img\" -1\n", VmdkErrorCode.DescriptorInvalid, "extent 0")]
    [InlineData(Head + Type + "RW 1 FLAT\n", VmdkErrorCode.DescriptorInvalid, "extent 0")]
    [InlineData(Head + Type + "RW 1 FLAT \"a.img\n", VmdkErrorCode.DescriptorInvalid, "extent 0")]
    [InlineData(Head + Type + "RW 18446744073709551616 ZERO\n", VmdkErrorCode.DescriptorInvalid, "extent 0")]
    [InlineData(Head + Type + "RW 36028797018963968 ZERO\n", VmdkErrorCode.DescriptorInvalid, "extent 0")]
    [InlineData(
        Head + Type + "RW 18014398509481983 ZERO\nRW 18014398509481983 ZERO\n", VmdkErrorCode.DescriptorInvalid,
        "extent 1")]
    [InlineData(Head + Type + "RW 1 FLAT \"a.img\" 18014398509481984\n", VmdkErrorCode.DescriptorInvalid, "extent 0")]
    [InlineData(
        Head + Type + "RW 12582912 VMFS \"dummy.vmdk\" 1\n", VmdkErrorCode.DescriptorInvalid, "extent 0")]
    [InlineData(Head + Type + "RW 1 NOSUCH \"a.img\"\n", VmdkErrorCode.Unsupported, "extent 0")]
    [InlineData(Head + Type + "RW 1 VMFSRDM \"a.img\"\n", VmdkErrorCode.Unsupported, "extent[0]")]
    [InlineData(Head + Type + "RW 1 VSANSPARSE \"a.img\"\n", VmdkErrorCode.Unsupported, "extent[0]")]
    [InlineData(
        Head + Type + Line + "encryptionKeys=\"vmware:key/list\"\n", VmdkErrorCode.Unsupported, "encryptionKeys")]
    public void ABadDescriptorIsRefusedForWhatIsWrongInIt(string text, VmdkErrorCode code, string field)
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder["a.img"], new byte[512]);
        File.WriteAllText(folder["disk.vmdk"], text);

        VmdkException refusal = Refusal.OfOpening(folder["disk.vmdk"]);

        Assert.Equal(code, refusal.Code);
        Assert.Equal(field, refusal.Field);
        Assert.Equal(folder["disk.vmdk"], refusal.Path);
        Assert.NotNull(refusal.Wanted);
    }

    [Fact]
    public void AnInvalidLineIsShownWithItsPlace()
    {
        using var folder = new TempFolder();
        const string Bad = "RW 12582912 VMFS \"dummy.vmdk\" 1";
        File.WriteAllText(folder["disk.vmdk"], Head + Type + Bad + "\n");

        VmdkException refusal = Refusal.OfOpening(folder["disk.vmdk"]);

        refusal.Says(
            VmdkErrorCode.DescriptorInvalid, folder["disk.vmdk"], Head.Length + Type.Length, "extent 0", Bad);
        Assert.Contains("Invalid extent line", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("K")]
    [InlineData("KDM")]
    [InlineData("COW")]
    [InlineData("#")]
    [InlineData("just some text\n")]
    [InlineData("# a comment and nothing else\n")]
    [InlineData("version=4\n")]
    [InlineData("QFI\u00fb\0\0\0\u0003")]
    [InlineData("<<< Oracle VM VirtualBox Disk Image >>>\n")]
    [InlineData("\u007fELF")]
    public void AShortOrForeignFileIsNoVmdk(string content)
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder["disk.vmdk"], System.Text.Encoding.Latin1.GetBytes(content));

        Refusal.OfOpening(folder["disk.vmdk"]).Says(
            VmdkErrorCode.NotVmdk, folder["disk.vmdk"], 0, "magic", content.Length == 0 ? "nothing" : null, "KDMV");
    }

    [Theory]
    [InlineData("KDMV", "header")]
    [InlineData("COWD", "header")]
    public void ABareSignatureIsATruncatedImage(string content, string field)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder["disk.vmdk"], content);

        Refusal.OfOpening(folder["disk.vmdk"]).Says(
            VmdkErrorCode.Truncated, folder["disk.vmdk"], 0, field, "4 bytes");
    }

    [Fact]
    public void AnSeSparseFileOfAnotherVersionIsUnsupportedNotForeign()
    {
        using var folder = new TempFolder();
        byte[] header = new byte[4096];
        BitConverter.GetBytes(0xCAFE_BABEul).CopyTo(header, 0);
        File.WriteAllBytes(folder["disk.vmdk"], header);

        Refusal.OfOpening(folder["disk.vmdk"]).Says(
            VmdkErrorCode.Unsupported, folder["disk.vmdk"], 8, "Version", "0x0000000000000000");
    }

    [Fact]
    public void AFileOrFolderThatIsNotThereIsMissing()
    {
        using var folder = new TempFolder();

        Assert.Equal(VmdkErrorCode.FileMissing, Refusal.OfOpening(folder["gone.vmdk"]).Code);
        Assert.Equal(VmdkErrorCode.NotVmdk, Refusal.OfOpening(folder.Subfolder("sub")).Code);
        Assert.Throws<ArgumentException>(() => VmdkDisk.Open(""));
        Assert.Throws<ArgumentNullException>(() => VmdkDisk.Open(null!));
    }

    [Fact]
    public void APipeIsRefusedWithoutWaitingForAWriter()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, Storage.TestCalls.MakeFifo(folder["disk.vmdk"], 0x1b6));

        Assert.Equal(VmdkErrorCode.NotVmdk, Refusal.OfOpening(folder["disk.vmdk"]).Code);
        Assert.Equal(VmdkErrorCode.NotVmdk, Assert.Throws<VmdkException>(() => VmdkDisk.Open("/dev/zero")).Code);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void ExtentsAreAsManyAsTheLimitAllows(int extents, bool allowed)
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(1 << 20, seed: 1);
        string path = FlatImage.Write(
            folder.Path, "disk", content, "twoGbMaxExtentFlat", (2047 + extents) / extents);
        var options = new VmdkOpenOptions { Limits = new VmdkLimits { MaxExtents = 2 } };

        if (allowed)
        {
            DiskAssert.Holds(content, path, options);
        }
        else
        {
            VmdkException refusal = Refusal.OfOpening(path, options);
            Assert.Equal(VmdkErrorCode.LimitExceeded, refusal.Code);
            Assert.Equal("extent 2", refusal.Field);
            Assert.Equal("at most 2 extents", refusal.Wanted);
        }
    }

    [Fact]
    public void ATextThatIsTooLongIsNotRead()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder["disk.vmdk"], Head + Type + Line);
        Patch.SetLength(folder["disk.vmdk"], 1L << 40);

        Refusal.OfOpening(folder["disk.vmdk"]).Says(
            VmdkErrorCode.LimitExceeded, folder["disk.vmdk"], null, "length", "1099511627776 bytes", "1048576 bytes");
    }

    [Fact]
    public void ANameThatIsTooLongIsRefused()
    {
        using var folder = new TempFolder();
        File.WriteAllText(
            folder["disk.vmdk"], Head + Type + $"RW 1 FLAT \"{new string('n', 512)}\" 0\n");

        Refusal.OfOpening(folder["disk.vmdk"]).Says(
            VmdkErrorCode.LimitExceeded, folder["disk.vmdk"], Head.Length + Type.Length, "extent 0", "512 bytes",
            "511 bytes");
    }

    [Theory]
    [InlineData(-512, 1 << 20)]
    [InlineData(-1, 1 << 20)]
    public void AFlatExtentThatIsTooShortIsTruncated(int extraBytes, int lengthBytes)
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(lengthBytes, seed: 1);
        string path = DescriptorImage.Write(folder.Path, "disk", "monolithicFlat", content,
            [new FlatExtent { Sectors = content.LengthSectors, ExtraBytes = extraBytes }]);

        Refusal.OfOpening(path).Says(
            VmdkErrorCode.Truncated, folder["disk-flat.vmdk"], lengthBytes + extraBytes, "length",
            $"{lengthBytes + extraBytes} bytes", $"{lengthBytes} bytes");
    }

    [Fact]
    public void ASparseLineOfAForeignFileIsRefused()
    {
        using var folder = new TempFolder();
        var content = GuestContent.Scattered(1 << 20, seed: 1);
        string path = SplitSparseImage.Write(folder.Path, "disk", content, 4096);
        File.WriteAllBytes(folder["disk-s001.vmdk"], new byte[65536]);

        Refusal.OfOpening(path).Says(
            VmdkErrorCode.NotVmdk, folder["disk-s001.vmdk"], 0, "magic", "00000000", "KDMV, COWD or seSparse");
    }

    [Fact]
    public void AnExtentOfLessThanItsLineIsRefused()
    {
        using var folder = new TempFolder();
        SparseImage.Write(folder.Path, "small", new GuestContent(1 << 20));
        File.WriteAllText(folder["disk.vmdk"], Head + Type + "RW 2049 SPARSE \"small.vmdk\"\n");

        Refusal.OfOpening(folder["disk.vmdk"]).Says(
            VmdkErrorCode.HeaderInvalid, folder["small.vmdk"], 12, "CapacitySectors", "2048 sectors", "2049 sectors");
    }
}
