using System.Text;
using VmdkFast.Format;
using Xunit;

namespace VmdkFast.Tests.Format;

/// <summary>Structures against bytes that were written down by hand, so that a wrong declaration shows.</summary>
public sealed class StructureTests
{
    [Fact]
    public void ASparseHeaderIsReadFieldByField()
    {
        byte[] bytes = new byte[SparseHeader.SizeBytes];
        Convert.FromHexString(
            "4B444D56" + "03000000" + "01000300" + "0102030405060708" + "8000000000000000" + "0100000000000000"
            + "1400000000000000" + "00020000" + "1500000000000000" + "FFFFFFFFFFFFFFFF" + "8000000000000000"
            + "01" + "0A200D0A" + "0100").CopyTo(bytes, 0);
        var header = SparseHeader.Read(bytes);
        Assert.Equal("KDMV"u8, bytes.AsSpan(0, 4));
        Assert.Equal(SparseHeader.MagicValue, header.Magic);
        Assert.Equal(3u, header.Version);
        Assert.Equal(SparseFlags.NewlineTest | SparseFlags.Compressed | SparseFlags.Markers, header.Flags);
        Assert.Equal(0x0807060504030201u, header.CapacitySectors);
        Assert.Equal(128u, header.GrainSizeSectors);
        Assert.Equal(1u, header.DescriptorOffsetSectors);
        Assert.Equal(20u, header.DescriptorSizeSectors);
        Assert.Equal(512u, header.GrainTableEntries);
        Assert.Equal(21u, header.RedundantDirectoryOffsetSectors);
        Assert.Equal(SparseHeader.DirectoryAtEnd, header.DirectoryOffsetSectors);
        Assert.Equal(128u, header.OverheadSectors);
        Assert.Equal(1, header.UncleanShutdown);
        Assert.Equal(SparseHeader.NewlineTestValue, header.NewlineTest);
        Assert.Equal(1, header.CompressAlgorithm);
    }

    [Fact]
    public void MarkersAreReadFieldByField()
    {
        byte[] bytes = new byte[MetadataMarker.SizeBytes];
        Convert.FromHexString("8000000000000000" + "39050000" + "03000000").CopyTo(bytes, 0);
        var grain = GrainMarker.Read(bytes);
        Assert.Equal((128u, 1337u), (grain.LbaSectors, grain.DataBytes));
        var metadata = MetadataMarker.Read(bytes);
        Assert.Equal((128u, 1337u, MarkerType.Footer), (metadata.LengthSectors, metadata.DataBytes, metadata.Type));
    }

    [Fact]
    public void ACowdHeaderIsReadFieldByField()
    {
        byte[] bytes = new byte[CowdHeader.SizeBytes];
        Convert.FromHexString(
            "434F5744" + "01000000" + "03000000" + "00100000" + "08000000" + "04000000" + "02000000" + "2A000000"
            + "10000000" + "20000000" + "30000000").CopyTo(bytes, 0);
        bytes[1056] = 5;
        bytes[1060] = 6;
        Encoding.ASCII.GetBytes("name").CopyTo(bytes, 1064);
        Encoding.ASCII.GetBytes("description").CopyTo(bytes, 1124);
        bytes[1636] = 7;
        bytes[1648] = 8;
        var header = CowdHeader.Read(bytes);
        Assert.Equal("COWD"u8, bytes.AsSpan(0, 4));
        Assert.Equal(CowdHeader.MagicValue, header.Magic);
        Assert.Equal((1u, 3u), (header.Version, header.Flags));
        Assert.Equal((4096u, 8u), (header.CapacitySectors, header.GrainSizeSectors));
        Assert.Equal((4u, 2u, 42u), (header.DirectoryOffsetSectors, header.DirectoryEntries, header.FreeSector));
        Assert.Equal((5u, 6u), (header.ParentGeneration, header.Generation));
        Assert.True(header.Name.StartsWith("name\0"u8));
        Assert.True(header.Description.StartsWith("description\0"u8));
        Assert.Equal((7u, 8u), (header.SavedGeneration, header.UncleanShutdown));
        var geometry = CowdRootGeometry.Read(header.ParentFileName);
        Assert.Equal((16u, 32u, 48u), (geometry.Cylinders, geometry.Heads, geometry.Sectors));
    }
}
