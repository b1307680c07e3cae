using System.Text;
using VmdkFast.Format;
using Xunit;

namespace VmdkFast.Tests.Format;

public sealed class DescriptorTextTests
{
    [Fact]
    public void AWorkstationDescriptorGivesAllItSays()
    {
        DescriptorText text = DescriptorSamples.Parse(DescriptorSamples.Workstation);

        Assert.Equal(1, text.Version);
        Assert.Equal("windows-1252", text.EncodingName);
        Assert.Equal(0x216bc064u, text.ContentId);
        Assert.Equal(0xffffffffu, text.ParentContentId);
        Assert.Equal(VmdkDiskKind.TwoGbMaxExtentSparse, text.Kind);
        Assert.Null(text.ParentFileNameHint);
        Assert.Null(text.ChangeTrackPath);
        Assert.Equal(["disk-s001.vmdk", "disk-s002.vmdk"], text.Extents.Select(e => e.FileName));
        Assert.Equal(8_323_072 + 983_040, text.CapacitySectors);
        Assert.Equal("lsilogic", text.AdapterType);
        Assert.Equal(new VmdkGeometry(579, 255, 63), text.Geometry);
        Assert.Null(text.BiosGeometry);
        Assert.Equal("3ca4d6ec709912129cf7ecb7216bc064", text.LongContentId);
        Assert.Equal("60 00 C2 92 7b f4 0d ee-e9 08 12 5d bc 4f ab 26", text.Uuid);
        Assert.Equal(13u, text.HardwareVersion);
        Assert.Equal(10_240u, text.ToolsVersion);
        Assert.Equal("isNativeSnapshot", text.Entries[4].Key);
        Assert.Equal("no", text["ISNATIVESNAPSHOT"]);
        Assert.Equal(9, text.DatabaseEntries.Count());
        Assert.Equal("ddb.virtualHWVersion", text.DatabaseEntries.Last().Key);
    }

    [Fact]
    public void AnEsxDeltaNamesItsParent()
    {
        DescriptorText text = DescriptorSamples.Parse(DescriptorSamples.EsxDelta);

        Assert.Equal(0x0172e8a4u, text.ParentContentId);
        Assert.Equal("vmfs_thick.vmdk", text.ParentFileNameHint);
        Assert.Equal("vmfs_thick.vmdk"u8, text.ParentFileNameHintBytes.Span);
        Assert.Equal(VmdkExtentType.VmfsSparse, Assert.Single(text.Extents).Type);
        Assert.Null(text.AdapterType);
        Assert.Null(text.Geometry);
        Assert.Null(text.HardwareVersion);
    }

    [Fact]
    public void ThePublicViewSaysTheSame()
    {
        VmdkDescriptor view = DescriptorSamples.Parse(DescriptorSamples.Workstation).ToDescriptor();

        Assert.Equal(DescriptorSamples.Workstation, view.Text);
        Assert.Equal("twoGbMaxExtentSparse", view.CreateType);
        Assert.Equal(VmdkDiskKind.TwoGbMaxExtentSparse, view.Kind);
        Assert.Equal([0, 1], view.Extents.Select(e => e.Index));
        Assert.Equal(983_040, view.Extents[1].LengthSectors);
        Assert.Equal(VmdkExtentFormat.Unopened, view.Extents[1].Format);
        Assert.Equal(new VmdkGeometry(579, 255, 63), view.Geometry);
        Assert.Equal(15, view.Entries.Count);
    }

    [Theory]
    [InlineData("# Description file created by VMDK stream converter\nversion=1\n# odd\nCID=1\ncreateType=\"custom\"")]
    [InlineData("version=1 \nCID=1 \nparentCID=ffffffff \ncreateType=\"custom\" \n")]
    [InlineData("version=1\r\nCID=1\r\nparentCID=ffffffff\r\ncreateType=\"custom\"\r\n")]
    [InlineData("version = 1\nCID = \"1\"\n\tcreateType\t=\tcustom\t")]
    [InlineData("parentCID=ffffffff\nCID=1\nversion=1\ncreateType=custom")]
    [InlineData("\n\n#\n  # CID=2\nVERSION=1\ncid=1\nCREATETYPE=custom\nCID=1")]
    [InlineData("\uFEFFversion=1\nCID=00000001\ncreateType=\"CUSTOM\"\n")]
    [InlineData("version=1\nCID=1\ncreateType=custom\n\0\0\0\0")]
    [InlineData("version=1\nCID=1\ncreateType=custom\0\nno descriptor = \"after the first NUL")]
    [InlineData("version=1\nCID=1\ncreateType=custom\nencryptionKeys=\nx.unknown=a=b=\"c\"\nddb.comment = \"a\"b\"")]
    public void QuirksOfRealFilesAreTaken(string input)
    {
        DescriptorText text = DescriptorSamples.Parse(input);

        Assert.Equal(1, text.Version);
        Assert.Equal(1u, text.ContentId);
        Assert.Equal(0xffffffffu, text.ParentContentId);
        Assert.Equal(VmdkDiskKind.Custom, text.Kind);
        Assert.Empty(text.Extents);
        Assert.Equal(Encoding.UTF8.GetBytes(input), text.ToBytes());
    }

    [Fact]
    public void AKeyInsideAnotherKeyOrACommentIsNotFound()
    {
        DescriptorText text = DescriptorSamples.Parse(
            "# createType=\"vmfs\"\nversion=1\nparentCID=77161c8\n#CID=3\nCID=2\ncreateType=custom\n"
            + "parentFileNameHint=CID=9");

        Assert.Equal(0x77161c8u, text.ParentContentId);
        Assert.Equal(2u, text.ContentId);
        Assert.Equal("custom", text.CreateType);
        Assert.Equal("CID=9", text.ParentFileNameHint);
        Assert.Null(text["ID"]);
    }

    [Theory]
    [InlineData("CID=1\ncreateType=x", "version", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("version=4\nCID=1\ncreateType=x", "version", VmdkErrorCode.Unsupported)]
    [InlineData("version=10\nCID=1\ncreateType=x", "version", VmdkErrorCode.Unsupported)]
    [InlineData("version=-1\nCID=1\ncreateType=x", "version", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("version=\nCID=1\ncreateType=x", "version", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("version=1\nCID=1", "createType", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("version=1\nCID=1\ncreateType=\"\"", "createType", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("version=1\nCID=1\ncreateType=\"vmfs", "createType", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("version=1\nCID=1\ncreateType=\"a\" \"b\"", "createType", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("version=1\nCID=1\ncreateType=a\ncreateType=b", "createType", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("version=1\nCID=1\ncid=2\ncreateType=a", "cid", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("version=1\ncreateType=x\nparentCID=1", "CID", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("version=1\nCID=\ncreateType=x", "CID", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("version=1\nCID=123456789\ncreateType=x", "CID", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("version=1\nCID=0x1\ncreateType=x", "CID", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("version=1\nCID=1\nparentCID=-1\ncreateType=x", "parentCID", VmdkErrorCode.DescriptorInvalid)]
    [InlineData(
        "version=1\nCID=1\ncreateType=x\nparentFileNameHint=p", "parentCID", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("version=1\nCID=1\ncreateType=x\nrubbish", "line 4", VmdkErrorCode.DescriptorInvalid)]
    [InlineData(
        "version=1\nCID=1\ncreateType=x\nRWX 9 SPARSE \"a=b\"", "line 4", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("version=1\nCID=1\ncreateType=x\n=1", "line 4", VmdkErrorCode.DescriptorInvalid)]
    [InlineData("", "version", VmdkErrorCode.DescriptorInvalid)]
    public void AnIncompleteOrAmbiguousDescriptorIsRefused(string input, string field, VmdkErrorCode code)
    {
        VmdkException refusal = DescriptorSamples.Refuse(input);

        Assert.Equal(code, refusal.Code);
        Assert.Equal(field, refusal.Field);
        Assert.Equal(DescriptorSamples.Path, refusal.Path);
        Assert.NotNull(refusal.OffsetBytes);
    }

    [Fact]
    public void AFaultNamesTheByteOfItsLineInTheFile()
    {
        VmdkException refusal = Assert.Throws<VmdkException>(() => DescriptorText.Parse(
            "version=1\nCID=zz\ncreateType=x"u8, "a.vmdk", limits: null, offsetBytes: 512));

        Assert.Equal(512 + 10, refusal.OffsetBytes);
        Assert.Equal("zz", refusal.Found);
        Assert.Equal("1 to 8 hex digits", refusal.Wanted);
    }

    [Theory]
    [InlineData("ddb.geometry.cylinders = \"x\"\nddb.geometry.heads = \"1\"\nddb.geometry.sectors = \"1\"")]
    [InlineData("ddb.geometry.cylinders = \"-1\"\nddb.geometry.heads = \"1\"\nddb.geometry.sectors = \"1\"")]
    [InlineData("ddb.geometry.cylinders = \"99999999999\"\nddb.geometry.heads = \"1\"\nddb.geometry.sectors = \"1\"")]
    [InlineData("ddb.geometry.cylinders = \"1\"")]
    public void AGeometryThatIsNoneDoesNotKeepADiskFromOpening(string lines) =>
        Assert.Null(DescriptorSamples.Parse(DescriptorSamples.With(lines)).Geometry);

    [Fact]
    public void BothGeometriesAreRead()
    {
        DescriptorText text = DescriptorSamples.Parse(DescriptorSamples.With(
            "ddb.geometry.biosCylinders=\"5\"", "ddb.geometry.biosHeads=\"6\"", "ddb.geometry.biosSectors=\"7\"",
            "ddb.geometry.cylinders=\"66837\"", "ddb.geometry.heads=\"255\"", "ddb.geometry.sectors=\"63\""));

        Assert.Equal(new VmdkGeometry(66_837, 255, 63), text.Geometry);
        Assert.Equal(new VmdkGeometry(5, 6, 7), text.BiosGeometry);
    }

    [Theory]
    [InlineData("version=1", true)]
    [InlineData("# Disk DescriptorFile\nversion=1\n", true)]
    [InlineData("#Disk DescriptorFile\r\n\r\n  \r\n# x\r\nversion = 2 \r\n", true)]
    [InlineData("# Description file created by VMDK stream converter\nVersion=\"3\"\n", true)]
    [InlineData("\uFEFFversion=1\n", true)]
    [InlineData("version=1\0\0\0", true)]
    [InlineData("version=4", false)]
    [InlineData("version=12", false)]
    [InlineData("version=", false)]
    [InlineData("CID=1\nversion=1", false)]
    [InlineData("conversion=1", false)]
    [InlineData("# version=1", false)]
    [InlineData("", false)]
    [InlineData("KDMV\u0001\0\0\0", false)]
    [InlineData(".encoding = \"UTF-8\"\nversion=1", false)]
    public void TheProbeKnowsADescriptorByItsVersion(string start, bool expected) =>
        Assert.Equal(expected, DescriptorText.LooksLikeDescriptor(Encoding.UTF8.GetBytes(start)));

    [Fact]
    public void AnAreaOfNulHoldsNoDescriptor()
    {
        Assert.True(DescriptorText.IsEmpty([]));
        Assert.True(DescriptorText.IsEmpty(new byte[512]));
        Assert.False(DescriptorText.IsEmpty("#"u8));
    }

    [Fact]
    public void TheProbeLooksNoFurtherThanItsBound()
    {
        var start = new byte[DescriptorText.ProbeBytes + 100];
        start.AsSpan().Fill((byte)'\n');
        "version=1"u8.CopyTo(start.AsSpan(DescriptorText.ProbeBytes));
        Assert.False(DescriptorText.LooksLikeDescriptor(start));

        "version=1"u8.CopyTo(start.AsSpan(DescriptorText.ProbeBytes - 10));
        Assert.True(DescriptorText.LooksLikeDescriptor(start));
    }
}
