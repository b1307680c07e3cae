using System.Text;
using VmdkFast.Format;
using Xunit;

namespace VmdkFast.Tests.Format;

public sealed class DescriptorEncodingTests
{
    // The bytes are from the encodings' own tables: 0x80 is the euro sign in windows-1252 and nothing in Latin-1;
    // "表" in Shift_JIS and "功" in Big5 end in 0x5C, the backslash, where a careless reader sees an escape.
    [Theory]
    [InlineData("UTF-8", new byte[] { 0xE7, 0xA3, 0x81 }, "磁")]
    [InlineData("windows-1252", new byte[] { 0x80, 0xE9 }, "€é")]
    [InlineData("GBK", new byte[] { 0xB4, 0xC5, 0xC5, 0xCC }, "磁盘")]
    [InlineData("gb18030", new byte[] { 0x81, 0x30, 0x84, 0x36 }, "¥")]
    [InlineData("Shift_JIS", new byte[] { 0x95, 0x5C }, "表")]
    [InlineData("Big5", new byte[] { 0xA5, 0x5C }, "功")]
    [InlineData("EUC-KR", new byte[] { 0xB0, 0xA1 }, "가")]
    [InlineData("KOI8-R", new byte[] { 0xC1 }, "а")]
    [InlineData("ISO-8859-1", new byte[] { 0xE9 }, "é")]
    [InlineData("no such encoding", new byte[] { 0xC3, 0xA9 }, "é")]
    public void NamesAreDecodedAndKeptAsBytes(string encoding, byte[] name, string expected)
    {
        byte[] bytes =
        [
            .. Encoding.ASCII.GetBytes(DescriptorSamples.With($"encoding=\"{encoding}\"", "RW 1 SPARSE \"")), .. name,
            .. "\"\nparentFileNameHint=\""u8, .. name, .. "\"\n"u8,
        ];

        DescriptorText text = DescriptorSamples.Parse(bytes);

        Assert.Equal(expected, text.Extents[0].FileName);
        Assert.Equal(name, text.Extents[0].FileNameBytes.ToArray());
        Assert.Equal(expected, text.ParentFileNameHint);
        Assert.Equal(name, text.ParentFileNameHintBytes.ToArray());
        Assert.Equal(bytes, text.ToBytes());
        if (encoding[0] != 'n')
        {
            Assert.Equal(
                name, text.WithValue("parentFileNameHint", expected).ParentFileNameHintBytes.ToArray());
        }
    }

    [Fact]
    public void BytesThatTheEncodingDoesNotKnowSurvive()
    {
        byte[] bytes =
            [.. Encoding.ASCII.GetBytes(DescriptorSamples.With("RW 1 SPARSE \"")), 0xFF, (byte)'a', 0xC3, (byte)'"'];

        DescriptorText text = DescriptorSamples.Parse(bytes);

        Assert.Equal([0xFF, (byte)'a', 0xC3], text.Extents[0].FileNameBytes.ToArray());
        Assert.Equal("\uFFFDa\uFFFD", text.Extents[0].FileName);
        Assert.Equal(bytes, text.ToBytes());
    }

    [Fact]
    public void TheDatabaseNamesTheEncodingWhereTheHeaderDoesNot()
    {
        string lines = DescriptorSamples.With("ddb.encoding = \"windows-1252\"");
        Assert.Equal("windows-1252", DescriptorSamples.Parse(lines).EncodingName);
        Assert.Equal("Big5", DescriptorSamples.Parse(lines + "\nencoding=Big5").EncodingName);
    }

    [Theory]
    [InlineData("windows-874"), InlineData("windows-1250"), InlineData("windows-1251"), InlineData("windows-1253")]
    [InlineData("windows-1254"), InlineData("windows-1255"), InlineData("windows-1256"), InlineData("windows-1257")]
    [InlineData("windows-1258"), InlineData("windows-949"), InlineData("EUC-JP"), InlineData("ISO-8859-2")]
    [InlineData("ISO-8859-5"), InlineData("ISO-8859-7"), InlineData("ISO-8859-9"), InlineData("ISO-8859-15")]
    [InlineData("windows-31j"), InlineData("windows-936"), InlineData("windows-950")]
    public void EveryListedEncodingIsThereAndKeepsAscii(string name)
    {
        const string ascii = "version=1 \"x\" #\t\r\n~|\\";

        Encoding encoding = DescriptorEncoding.ForWriting(name);

        Assert.NotEqual(Encoding.UTF8.CodePage, encoding.CodePage);
        Assert.Equal(Encoding.ASCII.GetBytes(ascii), encoding.GetBytes(ascii));
        Assert.Equal(ascii, DescriptorEncoding.ForReading(name).GetString(encoding.GetBytes(ascii)));
    }

    [Fact]
    public void AValueWithoutBytesInTheEncodingIsNotWritten()
    {
        DescriptorText text = DescriptorSamples.Parse(DescriptorSamples.Workstation);

        Assert.ThrowsAny<ArgumentException>(() => text.WithValue("parentFileNameHint", "磁.vmdk"));
    }
}
