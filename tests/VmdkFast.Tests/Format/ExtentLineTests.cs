using VmdkFast.Format;
using Xunit;

namespace VmdkFast.Tests.Format;

public sealed class ExtentLineTests
{
    const string MaxSectors = "18014398509481983";

    [Theory]
    [InlineData("RW 2048 FLAT \"a-flat.vmdk\" 7", VmdkAccess.ReadWrite, VmdkExtentType.Flat, 2048, "a-flat.vmdk", 7)]
    [InlineData("RW 2048 FLAT \"a-flat.vmdk\"", VmdkAccess.ReadWrite, VmdkExtentType.Flat, 2048, "a-flat.vmdk", 0)]
    [InlineData("RDONLY 1 SPARSE \"a b.vmdk\"", VmdkAccess.ReadOnly, VmdkExtentType.Sparse, 1, "a b.vmdk", 0)]
    [InlineData("NOACCESS 5 ZERO", VmdkAccess.None, VmdkExtentType.Zero, 5, null, 0)]
    [InlineData("RW 0 ZERO", VmdkAccess.ReadWrite, VmdkExtentType.Zero, 0, null, 0)]
    [InlineData("rw 4096 vmfs \"x\"", VmdkAccess.ReadWrite, VmdkExtentType.Vmfs, 4096, "x", 0)]
    [InlineData("RW 4096 VMFS \"x\" 0", VmdkAccess.ReadWrite, VmdkExtentType.Vmfs, 4096, "x", 0)]
    [InlineData("\tRW\t3  VmfsSparse\t\"x\" \r", VmdkAccess.ReadWrite, VmdkExtentType.VmfsSparse, 3, "x", 0)]
    [InlineData("RW 3 VMFSRDM \"x\"", VmdkAccess.ReadWrite, VmdkExtentType.VmfsRdm, 3, "x", 0)]
    [InlineData("RW 3 VMFSRAW \"x\"", VmdkAccess.ReadWrite, VmdkExtentType.VmfsRaw, 3, "x", 0)]
    [InlineData("RW 3 SESPARSE \"x\"", VmdkAccess.ReadWrite, VmdkExtentType.SeSparse, 3, "x", 0)]
    [InlineData("RW 3 VSANSPARSE \"x\"", VmdkAccess.ReadWrite, VmdkExtentType.VsanSparse, 3, "x", 0)]
    [InlineData("RW 3 SPARSE \"a=#b\" 0", VmdkAccess.ReadWrite, VmdkExtentType.Sparse, 3, "a=#b", 0)]
    [InlineData("RW " + MaxSectors + " ZERO", VmdkAccess.ReadWrite, VmdkExtentType.Zero, 18014398509481983, null, 0)]
    public void GoodLinesAreTaken(
        string line, VmdkAccess access, VmdkExtentType type, long lengthSectors, string? name, long offsetSectors)
    {
        ExtentLine extent = Assert.Single(DescriptorSamples.Parse(DescriptorSamples.With(line)).Extents);

        Assert.Equal(access, extent.Access);
        Assert.Equal(type, extent.Type);
        Assert.Equal(lengthSectors, extent.LengthSectors);
        Assert.Equal(name, extent.FileName);
        Assert.Equal(offsetSectors, extent.OffsetSectors);
    }

    [Fact]
    public void APhysicalPartitionKeepsItsIdentifiers()
    {
        ExtentLine extent = Assert.Single(DescriptorSamples.Parse(DescriptorSamples.With(
            """RW 63 FLAT "\\.\PhysicalDrive0" 2048 f00d-1 "a disk" """)).Extents);

        Assert.Equal(@"\\.\PhysicalDrive0", extent.FileName);
        Assert.Equal(2048, extent.OffsetSectors);
        Assert.Equal("f00d-1", extent.PartitionUuid);
        Assert.Equal("a disk", extent.DeviceId);
    }

    [Theory]
    [InlineData("RW", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 1", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW FLAT \"x\"", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW -1 FLAT \"x\" 0", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW +1 FLAT \"x\" 0", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 0x10 FLAT \"x\" 0", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 1 FLAT", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 1 SPARSE \"\"", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 1 SPARSE x", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 1 SPARSE \"x", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 1 SPARSE \"", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 1 SPARSE \"x\"y", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 1 SPARSE \"x\ry\"", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 0 SPARSE \"x\"", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("NOACCESS 0 FLAT \"x\" 0", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 1 FLAT \"x\" -1", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 1 FLAT \"x\" " + MaxSectors, VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 1 VMFS \"x\" 1", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 1 SPARSE \"x\" 1", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 1 FLAT \"x\" 0 a b c", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 18014398509481984 ZERO", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 18446744073709551616 ZERO", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 1 ZERO\nRW " + MaxSectors + " ZERO", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW = 1", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("RW 1 FLOPPY \"x\"", VmdkErrorCode.Unsupported)]
    public void BadLinesAreRefused(string line, VmdkErrorCode code)
    {
        VmdkException refusal = DescriptorSamples.Refuse(DescriptorSamples.With(line));

        Assert.Equal(code, refusal.Code);
        Assert.StartsWith("extent ", refusal.Field, StringComparison.Ordinal);
        Assert.InRange(refusal.OffsetBytes!.Value, DescriptorSamples.With().Length, int.MaxValue);
    }

    [Fact]
    public void ANameBeyondTheLimitIsRefused()
    {
        VmdkLimits limits = VmdkLimits.Default with { MaxNameBytes = 4 };

        Assert.Single(DescriptorSamples.Parse(DescriptorSamples.With("RW 1 SPARSE \"abcd\""), limits).Extents);
        VmdkException refusal = DescriptorSamples.Refuse(DescriptorSamples.With("RW 1 SPARSE \"abcde\""), limits);
        Assert.Equal(VmdkErrorCode.LimitExceeded, refusal.Code);
        refusal = DescriptorSamples.Refuse(DescriptorSamples.With("parentFileNameHint=\"abcde\""), limits);
        Assert.Equal(VmdkErrorCode.LimitExceeded, refusal.Code);
        Assert.Equal("parentFileNameHint", refusal.Field);
    }

    [Theory]
    [InlineData("a\"b")]
    [InlineData("a\nb")]
    [InlineData("a\rb")]
    [InlineData("a\0b")]
    [InlineData("")]
    public void ANameThatWouldEndItsLineIsNotComposed(string name) =>
        Assert.ThrowsAny<ArgumentException>(() => ExtentLine.ForFile(VmdkExtentType.Sparse, 1, name));

    [Fact]
    public void ImpossibleExtentsAreNotComposed()
    {
        Assert.ThrowsAny<ArgumentException>(() => ExtentLine.ForFile(VmdkExtentType.Sparse, 0, "a"));
        Assert.ThrowsAny<ArgumentException>(() => ExtentLine.ForFile(VmdkExtentType.Sparse, long.MaxValue, "a"));
        Assert.ThrowsAny<ArgumentException>(() => ExtentLine.ForFile(VmdkExtentType.Sparse, 1, "a", 1));
        Assert.ThrowsAny<ArgumentException>(() => ExtentLine.ForFile(VmdkExtentType.Flat, 1, "a", -1));
        Assert.ThrowsAny<ArgumentException>(() => ExtentLine.ForFile(VmdkExtentType.Zero, 1, "a"));
        Assert.ThrowsAny<ArgumentException>(() => ExtentLine.ForZeros(-1));
        Assert.ThrowsAny<ArgumentException>(() => ExtentLine.ForFile(VmdkExtentType.Sparse, 1, "\ud800"));
    }
}
