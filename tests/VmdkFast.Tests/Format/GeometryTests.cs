using VmdkFast.Format;
using Xunit;

namespace VmdkFast.Tests.Format;

public sealed class GeometryTests
{
    // All but the bounds are capacities and geometries of disks made by VMware products.
    [Theory]
    [InlineData(4_096, "lsilogic", 2, 64, 32)]
    [InlineData(2_048, "lsilogic", 1, 64, 32)]
    [InlineData(16_777_216, "lsilogic", 1_044, 255, 63)]
    [InlineData(33_554_432, "lsilogic", 2_088, 255, 63)]
    [InlineData(125_829_120, "lsilogic", 7_832, 255, 63)]
    [InlineData(1_048_576, "ide", 1_040, 16, 63)]
    [InlineData(208_896, "IDE", 207, 16, 63)]
    [InlineData(2_097_151, "buslogic", 1_023, 64, 32)]
    [InlineData(2_097_152, "buslogic", 512, 128, 32)]
    [InlineData(4_194_303, null, 1_023, 128, 32)]
    [InlineData(4_194_304, null, 261, 255, 63)]
    [InlineData(0, "lsilogic", 1, 64, 32)]
    [InlineData(1, "ide", 1, 16, 63)]
    [InlineData(16_514_064 + 1_008, "ide", 16_383, 16, 63)]
    [InlineData(long.MaxValue >> 9, "lsilogic", 65_535, 255, 63)]
    public void CylindersAreRoundedDownAndBounded(
        long capacitySectors, string? adapterType, uint cylinders, uint heads, uint sectors) =>
        Assert.Equal(
            new VmdkGeometry(cylinders, heads, sectors), Geometry.For(capacitySectors, adapterType));

    [Fact]
    public void ANegativeCapacityIsTheCallersFault() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Geometry.For(-1, "ide"));

    [Theory]
    [InlineData("2GbMaxExtentSparse", VmdkDiskKind.TwoGbMaxExtentSparse)]
    [InlineData("TWOGBMAXEXTENTSPARSE", VmdkDiskKind.TwoGbMaxExtentSparse)]
    [InlineData("2gbMaxExtentFlat", VmdkDiskKind.TwoGbMaxExtentFlat)]
    [InlineData("vmfsSeSparse", VmdkDiskKind.SeSparse)]
    [InlineData("vmfsRDM", VmdkDiskKind.VmfsRawDeviceMap)]
    [InlineData("vmfsRDMP", VmdkDiskKind.VmfsPassthroughRawDeviceMap)]
    [InlineData("Unknown", VmdkDiskKind.Unknown)]
    [InlineData("", VmdkDiskKind.Unknown)]
    [InlineData("vmfs2", VmdkDiskKind.Unknown)]
    public void EverySpellingOfACreateTypeIsKnown(string createType, VmdkDiskKind kind) =>
        Assert.Equal(kind, CreateTypes.KindOf(createType));

    [Fact]
    public void EveryKindButUnknownHasACreateTypeThatReadsBack()
    {
        foreach (VmdkDiskKind kind in Enum.GetValues<VmdkDiskKind>()
            .Where(k => k is not (VmdkDiskKind.Unknown or VmdkDiskKind.Raw)))
        {
            Assert.Equal(kind, CreateTypes.KindOf(CreateTypes.NameOf(kind)));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => CreateTypes.NameOf(VmdkDiskKind.Unknown));
        Assert.Throws<ArgumentOutOfRangeException>(() => CreateTypes.NameOf(VmdkDiskKind.Raw));
    }
}
