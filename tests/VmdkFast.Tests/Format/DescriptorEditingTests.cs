using System.Text;
using VmdkFast.Format;
using Xunit;

namespace VmdkFast.Tests.Format;

public sealed class DescriptorEditingTests
{
    [Fact]
    public void ANewCidTouchesItsOwnLineAndTheLongIdOnly()
    {
        DescriptorText text = DescriptorSamples.Parse(DescriptorSamples.Workstation);

        DescriptorText changed = text.WithContentId(0xABC);

        Assert.Equal(0xABCu, changed.ContentId);
        Assert.Equal(
            DescriptorSamples.Workstation.Replace("CID=216bc064", "CID=00000abc", StringComparison.Ordinal)
                .Replace("ecb7216bc064", "ecb700000abc", StringComparison.Ordinal),
            changed.Text);
        Assert.Equal(0x216bc064u, text.ContentId);
    }

    [Theory]
    [InlineData("cid =\t\"1\" \r\nversion=1\r\ncreateType=x", "cid =\t\"0000000f\" \r\nversion=1\r\ncreateType=x")]
    [InlineData("#CID=1\nparentCID=1\nCID=1\nversion=1\ncreateType=x",
        "#CID=1\nparentCID=1\nCID=0000000f\nversion=1\ncreateType=x")]
    [InlineData("CID=1\nCID=1\nversion=1\ncreateType=x", "CID=0000000f\nCID=0000000f\nversion=1\ncreateType=x")]
    [InlineData("version=1\ncreateType=x\nCID=1", "version=1\ncreateType=x\nCID=0000000f")]
    [InlineData("CID=1\nversion=1\ncreateType=x\nddb.longContentID=\"123\"",
        "CID=0000000f\nversion=1\ncreateType=x\nddb.longContentID=\"123\"")]
    public void TheFormOfTheLineStays(string before, string after) =>
        Assert.Equal(after, DescriptorSamples.Parse(before).WithContentId(15).Text);

    [Theory]
    [InlineData(0xFFFFFFFF)]
    [InlineData(0xFFFFFFFE)]
    public void ASpecialCidIsNotWritten(uint contentId) =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => DescriptorSamples.Parse(DescriptorSamples.With()).WithContentId(contentId));

    [Fact]
    public void PaddingKeepsTheLengthOfTheArea()
    {
        byte[] area = DescriptorSamples.Parse(DescriptorSamples.With()).ToPaddedBytes(1024);
        DescriptorText text = DescriptorSamples.Parse(area);

        byte[] longer = text.WithValue("parentFileNameHint", "p.vmdk").ToBytes();
        byte[] same = text.WithContentId(1).ToBytes();
        byte[] shorter = text.WithValue("createType", "vmfs").ToBytes();

        Assert.All([longer, same, shorter], bytes => Assert.Equal(1024, bytes.Length));
        int digits = DescriptorSamples.With().IndexOf("12345678", StringComparison.Ordinal);
        Assert.All(
            Enumerable.Range(0, 1024).Where(i => area[i] != same[i]), i => Assert.InRange(i, digits, digits + 7));
        Assert.Equal("vmfs", DescriptorSamples.Parse(shorter).CreateType);
        Assert.Equal("p.vmdk", DescriptorSamples.Parse(longer).ParentFileNameHint);
        Assert.Throws<ArgumentOutOfRangeException>(() => text.ToPaddedBytes(text.TextLengthBytes - 1));
    }

    [Fact]
    public void OldTextBehindTheFirstNulNeverComesBack()
    {
        byte[] bytes = Encoding.ASCII.GetBytes(DescriptorSamples.With() + "\0RW 1 ZERO\n\0\0");
        DescriptorText text = DescriptorSamples.Parse(bytes);

        Assert.Equal(bytes.AsSpan(text.TextLengthBytes), text.WithContentId(1).ToBytes().AsSpan(text.TextLengthBytes));
        Assert.Empty(text.WithValue("ddb.uuid", "1").Extents);
        Assert.Empty(text.WithValue("ddb.x", "").Extents);
        Assert.Empty(text.WithValue("createType", "a").Extents);
    }

    [Fact]
    public void ANewKeyGoesWhereItBelongs()
    {
        DescriptorText text = DescriptorSamples.Parse(DescriptorSamples.Workstation);

        string header = text.WithValue("parentFileNameHint", "base.vmdk").WithValue("parentCID", "1").Text;
        string database = text.WithValue("ddb.deletable", "true").Text;

        Assert.Contains(
            "createType=\"twoGbMaxExtentSparse\"\nparentFileNameHint=\"base.vmdk\"\n\n# Extent", header,
            StringComparison.Ordinal);
        Assert.EndsWith(
            "ddb.virtualHWVersion = \"13\"\nddb.deletable = \"true\"\n", database, StringComparison.Ordinal);
    }

    [Fact]
    public void ANewKeyTakesTheLineEndsOfItsFile()
    {
        const string before = "version=1\r\nCID=1\r\ncreateType=x";

        Assert.Equal(
            before + "\r\nchangeTrackPath=\"x-ctk.vmdk\"\r\n",
            DescriptorSamples.Parse(before).WithValue("changeTrackPath", "x-ctk.vmdk").Text);
    }

    [Fact]
    public void AKeyIsTakenOutByMakingItsLinesComments()
    {
        DescriptorText text = DescriptorSamples.Parse(
            DescriptorSamples.With("# Change Tracking File", "changeTrackPath=\"x-ctk.vmdk\"", "ddb.a=\"1\""));

        Assert.Equal("x-ctk.vmdk", text.ChangeTrackPath);
        Assert.Equal(
            DescriptorSamples.With("# Change Tracking File", "#hangeTrackPath=\"x-ctk.vmdk\"", "ddb.a=\"1\""),
            text.WithoutValue("CHANGETRACKPATH").Text);
        Assert.Same(text, text.WithoutValue("ddb.b"));
    }

    [Theory]
    [InlineData("createType", "a\"b")]
    [InlineData("createType", "a\nRW 1 ZERO")]
    [InlineData("createType", "a\r")]
    [InlineData("createType", "a\0")]
    [InlineData("createType", "")]
    [InlineData("CID", "xyz")]
    [InlineData("version", "9")]
    [InlineData("encoding", "GBK")]
    [InlineData("ddb.encoding", "GBK")]
    [InlineData("a b", "1")]
    [InlineData("#a", "1")]
    [InlineData("", "1")]
    public void AChangeThatWouldBreakTheDescriptorIsTheCallersFault(string key, string value)
    {
        DescriptorText text = DescriptorSamples.Parse(DescriptorSamples.With());

        Assert.ThrowsAny<ArgumentException>(() => text.WithValue(key, value));
    }

    [Theory]
    [InlineData("12345678", 0x9ABCDEF0, "9abcdef0")]
    [InlineData("1234567", 0xABCDEF0, "abcdef0")]
    [InlineData("123456", 0xFF, "0000ff")]
    [InlineData("123456", 0x1000000, "01000000")]
    [InlineData("12345", 0xABC, "00000abc")]
    public void ANewContentIdKeepsItsPlaceWhenItCan(string before, uint contentId, string after)
    {
        DescriptorText text = DescriptorSamples.Parse($"version=1\nCID={before}\ncreateType=x\n");

        Assert.Equal($"version=1\nCID={after}\ncreateType=x\n", text.WithContentId(contentId).Text);
    }

    [Fact]
    public void WhatADescriptorNeedsIsNotRemoved()
    {
        DescriptorText text = DescriptorSamples.Parse(DescriptorSamples.With("encoding=GBK"));

        Assert.Throws<ArgumentException>(() => text.WithoutValue("CID"));
        Assert.Throws<ArgumentException>(() => text.WithoutValue("createType"));
        Assert.Throws<ArgumentException>(() => text.WithoutValue("encoding"));
    }
}
