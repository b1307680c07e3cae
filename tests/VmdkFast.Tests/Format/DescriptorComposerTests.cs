using System.Text;
using CsCheck;
using VmdkFast.Format;
using Xunit;

namespace VmdkFast.Tests.Format;

public sealed class DescriptorComposerTests
{
    [Fact]
    public void TheTextIsAsVMwareWritesIt()
    {
        var composer = new DescriptorComposer
        {
            Kind = VmdkDiskKind.MonolithicFlat,
            ContentId = 0xABC,
            ParentContentId = 0x1234,
            ParentFileNameHint = "base.vmdk",
            Extents = [ExtentLine.ForFile(VmdkExtentType.Flat, 4096, "x-flat.vmdk"), ExtentLine.ForZeros(8)],
            DatabaseEntries = DescriptorComposer.StandardDatabase(
                4096, "lsilogic", 14, "0000000000000000000000000000abc0", "60 00", 2147483647),
        };

        Assert.Equal(
            """
            # Disk DescriptorFile
            version=1
            encoding="UTF-8"
            CID=00000abc
            parentCID=00001234
            createType="monolithicFlat"
            parentFileNameHint="base.vmdk"

            # Extent description
            RW 4096 FLAT "x-flat.vmdk" 0
            RW 8 ZERO

            # The Disk Data Base
            #DDB

            ddb.adapterType = "lsilogic"
            ddb.geometry.cylinders = "2"
            ddb.geometry.heads = "64"
            ddb.geometry.sectors = "32"
            ddb.longContentID = "0000000000000000000000000000abc0"
            ddb.toolsVersion = "2147483647"
            ddb.uuid = "60 00"
            ddb.virtualHWVersion = "14"

            """,
            Encoding.UTF8.GetString(composer.ToBytes()));
    }

    [Theory]
    [InlineData("a\"b", "ddb.a", "1")]
    [InlineData("a\nb", "ddb.a", "1")]
    [InlineData("", "ddb.a", "1")]
    [InlineData("a", "ddb.a", "1\"")]
    [InlineData("a", "ddb.a", "1\r\nCID=2")]
    [InlineData("a", "ddb.a = \"", "1")]
    [InlineData("a", "CID", "1")]
    public void InjectionIsRefused(string hint, string key, string value)
    {
        var composer = new DescriptorComposer
        {
            Kind = VmdkDiskKind.Custom,
            ContentId = 1,
            ParentFileNameHint = hint,
            Extents = [],
            DatabaseEntries = [KeyValuePair.Create(key, value)],
        };

        Assert.ThrowsAny<ArgumentException>(composer.ToBytes);
    }

    [Fact]
    public void WhatIsComposedReadsBack() => s_composers.Sample(composer =>
    {
        byte[] bytes = composer.ToBytes();
        DescriptorText text = DescriptorSamples.Parse(bytes);

        Assert.Equal(bytes, text.ToBytes());
        Assert.Equal(composer.Kind, text.Kind);
        Assert.Equal(composer.ContentId, text.ContentId);
        Assert.Equal(composer.ParentContentId, text.ParentContentId);
        Assert.Equal(composer.ParentFileNameHint, text.ParentFileNameHint);
        Assert.Equal(composer.Extents.Select(Facts), text.Extents.Select(Facts));
        Assert.Equal(composer.DatabaseEntries, text.DatabaseEntries);
        Assert.True(DescriptorText.LooksLikeDescriptor(bytes));
    });

    [Fact]
    public void AnUnchangedDescriptorIsTheSameBytesAndACidIsOneLine() => s_messy.Sample(input =>
    {
        byte[] bytes = Encoding.UTF8.GetBytes(input);
        DescriptorText text = DescriptorSamples.Parse(bytes);
        Assert.Equal(bytes, text.ToBytes());

        string[] before = input.Split('\n');
        string[] after = Encoding.UTF8.GetString(text.WithContentId(0x600DF00D).ToBytes()).Split('\n');
        Assert.Equal(before.Length, after.Length);
        int changed = Assert.Single(Enumerable.Range(0, before.Length), i => before[i] != after[i]);
        Assert.Equal(before[changed].Replace("600DBEEF", "600df00d", StringComparison.Ordinal), after[changed]);
    });

    static (VmdkAccess, VmdkExtentType, long, string?, string, long) Facts(ExtentLine line) =>
        (line.Access, line.Type, line.LengthSectors, line.FileName,
            Convert.ToHexString(line.FileNameBytes.Span), line.OffsetSectors);

    static readonly Gen<string> s_names =
        Gen.String[Gen.OneOf(Gen.Char[' ', '~'], Gen.Char['¡', '퟿']), 1, 40].Where(s => !s.Contains('"'));

    static readonly Gen<ExtentLine> s_extents = Gen.OneOf(
        Gen.Select(Gen.Long[1, 1L << 40], Gen.Enum<VmdkAccess>(), (n, a) => ExtentLine.ForZeros(n, a)),
        Gen.Select(Gen.Long[1, 1L << 40], s_names, Gen.Long[0, 1L << 40], Gen.Enum<VmdkAccess>(), (n, name, at, a) =>
            ExtentLine.ForFile(VmdkExtentType.Flat, n, name, at, a)),
        Gen.Select(
            Gen.Long[1, 1L << 40], s_names,
            Gen.Enum<VmdkExtentType>().Where(t => t is not (VmdkExtentType.Zero or VmdkExtentType.Flat)),
            (n, name, type) => ExtentLine.ForFile(type, n, name)));

    static readonly Gen<KeyValuePair<string, string>> s_entries = Gen.Select(
        Gen.String[Gen.Char['a', 'z'], 1, 9], s_names, (key, value) => KeyValuePair.Create("ddb." + key, value));

    static readonly Gen<DescriptorComposer> s_composers = Gen.Select(
        Gen.Enum<VmdkDiskKind>().Where(k => k is not (VmdkDiskKind.Unknown or VmdkDiskKind.Raw)),
        Gen.UInt, Gen.UInt, s_names,
        s_extents.List[0, 20], s_entries.List[0, 10], (kind, id, parent, hint, extents, entries) =>
            new DescriptorComposer
            {
                Kind = kind,
                ContentId = id,
                ParentContentId = parent,
                ParentFileNameHint = hint,
                Extents = extents,
                DatabaseEntries = entries,
            });

    static readonly Gen<string> s_messy = Gen.Select(
        Gen.Shuffle((string[])[
            "version=1", " CID = 600DBEEF ", "parentCID=ffffffff", "createType=\"custom\"", "# CID=600DBEEF", "",
            "RW 5 SPARSE \"CID=600DBEEF\"", "ddb.x = \"CID=600DBEEF\"", "unknown=é", "NOACCESS 5 ZERO",
        ]),
        DescriptorSamples.AnyOf("\n", "\r\n"),
        DescriptorSamples.AnyOf("", "\n", "\n\n", "\n\0\0\0", "\0old text\n"),
        (lines, end, tail) => string.Join(end, lines) + tail);
}
