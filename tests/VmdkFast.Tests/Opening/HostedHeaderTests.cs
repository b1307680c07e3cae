using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>Hosted sparse headers with one wrong field each.</summary>
public sealed class HostedHeaderTests
{
    const ulong TwoTo63 = 1UL << 63;

    [Theory]
    [InlineData(0u)]
    [InlineData(4u)]
    [InlineData(uint.MaxValue)]
    public void AnUnknownVersionIsUnsupported(uint version) =>
        With(header => header with { Version = version }).Says(
            VmdkErrorCode.Unsupported, 4, "Version", $"{version}", "1, 2 or 3");

    [Theory]
    [InlineData(1u << 18)]
    [InlineData(1u << 31)]
    public void AnUnknownIncompatibleFlagIsUnsupported(uint flag) =>
        With(header => header with { Flags = header.Flags | flag }).Says(
            VmdkErrorCode.Unsupported, 8, "Flags", null, "no incompatible flags");

    [Theory]
    [InlineData(0ul)]
    [InlineData(1ul)]
    [InlineData(4ul)]
    [InlineData(127ul)]
    [InlineData(129ul)]
    [InlineData(ulong.MaxValue)]
    public void AGrainThatIsNoPowerOfTwoIsInvalid(ulong grainSectors) =>
        With(header => header with { GrainSectors = grainSectors }).Says(
            VmdkErrorCode.HeaderInvalid, 20, "GrainSizeSectors", $"{grainSectors} sectors", "a power of two");

    [Theory]
    [InlineData(1ul << 22)]
    [InlineData(TwoTo63)]
    public void AGrainAboveTheLimitIsRefused(ulong grainSectors) =>
        With(header => header with { GrainSectors = grainSectors }).Says(
            VmdkErrorCode.LimitExceeded, 20, "GrainSizeSectors", $"{grainSectors} sectors", "2097152");

    [Theory]
    [InlineData(0u)]
    [InlineData(3u)]
    [InlineData(513u)]
    [InlineData(1024u)]
    [InlineData(uint.MaxValue)]
    public void AnImpossibleTableLengthIsInvalid(uint entries) =>
        With(header => header with { TableEntries = entries }).Says(
            VmdkErrorCode.HeaderInvalid, 44, "GrainTableEntries", $"{entries}", "up to 512");

    [Theory]
    [InlineData(0x1EFF_FFFF_C1B0_0001ul)]
    [InlineData(ulong.MaxValue)]
    [InlineData(TwoTo63)]
    public void AnAbsurdCapacityIsRefused(ulong capacitySectors) =>
        With(header => header with { CapacitySectors = capacitySectors }).Says(
            VmdkErrorCode.LimitExceeded, 12, "CapacitySectors", $"{capacitySectors}", "33554432");

    [Fact]
    public void ACapacityWhoseDirectoryTheFileCannotHoldIsTruncated() =>
        With(header => header with { CapacitySectors = 1UL << 40 }).Says(
            VmdkErrorCode.Truncated, 56, "DirectoryOffsetSectors", "67108864 bytes", "inside the file");

    [Fact]
    public void NoCapacityAndNoDescriptorIsInvalid() =>
        With(header => header with { CapacitySectors = 0, DescriptorSector = 0, DescriptorSectors = 0 }).Says(
            VmdkErrorCode.HeaderInvalid, 12, "CapacitySectors", "0", "at least 1");

    [Theory]
    [InlineData(1_000_000ul)]
    [InlineData(ulong.MaxValue - 1)]
    [InlineData(1ul << 55)]
    public void ADirectoryBeyondTheFileIsTruncated(ulong sector) =>
        With(header => header with { DirectorySector = sector }).Says(
            VmdkErrorCode.Truncated, 56, "DirectoryOffsetSectors", $"sector {sector}", "inside the file");

    [Fact]
    public void ADirectoryInTheHeaderIsInvalid() =>
        With(header => header with { DirectorySector = 0 }).Says(
            VmdkErrorCode.HeaderInvalid, 56, "DirectoryOffsetSectors", "sector 0", "behind the header");

    [Theory]
    [InlineData(1_000_000ul)]
    [InlineData(ulong.MaxValue)]
    public void AnOverheadBeyondTheFileIsTruncated(ulong sectors) =>
        With(header => header with { OverheadSectors = sectors }).Says(
            VmdkErrorCode.Truncated, 64, "OverheadSectors", "bytes",
            $"{(sectors > 1 << 30 ? sectors : sectors * 512)}");

    [Theory]
    [InlineData(2049ul)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1ul << 55)]
    public void ADescriptorAboveTheLimitIsRefused(ulong sectors) =>
        With(header => header with { DescriptorSectors = sectors }).Says(
            VmdkErrorCode.LimitExceeded, 36, "DescriptorSizeSectors", $"{sectors} sectors", "2048");

    [Theory]
    [InlineData(1_000_000ul)]
    [InlineData(ulong.MaxValue)]
    public void ADescriptorBeyondTheFileIsTruncated(ulong sector) =>
        With(header => header with { DescriptorSector = sector }).Says(
            VmdkErrorCode.Truncated, 28, "DescriptorOffsetSectors", $"sector {sector}", "inside the file");

    [Theory]
    [InlineData((ushort)2)]
    [InlineData(ushort.MaxValue)]
    public void AnUnknownCompressionIsUnsupported(ushort algorithm) =>
        With(header => header with { CompressAlgorithm = algorithm }).Says(
            VmdkErrorCode.Unsupported, 77, "CompressAlgorithm", $"{algorithm}", "deflate");

    [Fact]
    public void CompressedGrainsWithoutAnAlgorithmAreUnsupported() =>
        With(header => header with { Version = 3, Flags = header.Flags | HostedHeader.CompressedFlag }).Says(
            VmdkErrorCode.Unsupported, 77, "CompressAlgorithm", "0", "1 (deflate)");

    [Fact]
    public void ATransferAsTextIsRecognized()
    {
        using var folder = new TempFolder();
        string path = Write(folder);
        Patch.WriteBytes(path, 73, "\n \n\n"u8);

        Refusal.OfOpening(path).Says(
            VmdkErrorCode.HeaderInvalid, path, 73, "NewlineTest", "0x", "a transfer in text mode");
    }

    [Theory]
    [InlineData("KDMW")]
    [InlineData("kdmv")]
    [InlineData("\0\0\0\0")]
    public void AWrongMagicIsNoVmdk(string magic)
    {
        using var folder = new TempFolder();
        string path = Write(folder);
        Patch.WriteBytes(path, 0, System.Text.Encoding.ASCII.GetBytes(magic));

        Refusal.OfOpening(path).Says(VmdkErrorCode.NotVmdk, path, 0, "magic", null, "KDMV");
    }

    [Fact]
    public void QemusCaseOfGranularityIsRefused()
    {
        using var folder = new TempFolder();
        string path = Qemu64Mebibytes(folder);
        Patch.WriteUInt64(path, 20, ulong.MaxValue);

        Refusal.OfOpening(path).Says(VmdkErrorCode.HeaderInvalid, path, 20, "GrainSizeSectors");
    }

    [Fact]
    public void QemusCaseOfTableSizeIsRefused()
    {
        using var folder = new TempFolder();
        string path = Qemu64Mebibytes(folder);
        Patch.WriteUInt32(path, 44, uint.MaxValue);

        Refusal.OfOpening(path).Says(VmdkErrorCode.HeaderInvalid, path, 44, "GrainTableEntries");
    }

    [Fact]
    public void QemusCaseOfDirectorySizeIsRefused()
    {
        using var folder = new TempFolder();
        string path = Qemu64Mebibytes(folder);
        Patch.WriteUInt32(path, 16, uint.MaxValue);
        Patch.WriteUInt32(path, 44, 1);

        Refusal.OfOpening(path).Says(VmdkErrorCode.LimitExceeded, path, 12, "CapacitySectors");
    }

    [Fact]
    public void QemusCaseOfACutImageSaysHowLongItShouldBe()
    {
        using var folder = new TempFolder();
        string path = folder["disk.vmdk"];
        QemuImg.Create(path, 100L << 30, "subformat=monolithicSparse");
        Patch.SetLength(path, 10 << 20);

        Refusal.OfOpening(path).Says(
            VmdkErrorCode.Truncated, path, 64, "OverheadSectors", "10485760 bytes", "at least 13172736 bytes");
    }

    [Fact]
    public void QemusHostileSampleIsRefusedInLittleMemory()
    {
        // The shape of the fuzzer's find: an absurd capacity, one entry per table, everything else as usual.
        using var folder = new TempFolder();
        string path = Qemu64Mebibytes(folder);
        Patch.WriteUInt64(path, 12, 0x1EFF_FFFF_C1B0_0001);
        Patch.WriteUInt32(path, 44, 1);
        Patch.SetLength(path, 618);

        VmdkException refusal = Refusal.OfOpening(path);

        Assert.True(refusal.Code is VmdkErrorCode.LimitExceeded or VmdkErrorCode.Truncated, refusal.Message);
    }

    static string Qemu64Mebibytes(TempFolder folder)
    {
        QemuImg.Create(folder["disk.vmdk"], 64 << 20);
        return folder["disk.vmdk"];
    }

    static string Write(TempFolder folder) =>
        SparseImage.Write(folder.Path, "disk", GuestContent.Scattered(1 << 20, seed: 1));

    static HeaderFault With(Func<HostedHeader, HostedHeader> change)
    {
        using var folder = new TempFolder();
        string path = Write(folder);
        change(HostedHeader.Read(path)).WriteTo(path);
        VmdkException alone = Refusal.OfOpening(path);

        // The same file as a line's extent must be refused as well, for a fault in the same file.
        File.WriteAllBytes(folder["split.vmdk"], new DescriptorText().Completed(
            "split", "twoGbMaxExtentSparse", 2048, ["RW 2048 SPARSE \"disk.vmdk\""], null).ToBytes());
        VmdkException inLine = Refusal.OfOpening(folder["split.vmdk"]);
        Assert.Equal(path, inLine.Path);
        return new HeaderFault(alone, path);
    }

    readonly record struct HeaderFault(VmdkException Refusal, string Path)
    {
        internal void Says(VmdkErrorCode code, long offsetBytes, string field, string? found, string wanted) =>
            Refusal.Says(code, Path, offsetBytes, field, found, wanted);
    }
}
