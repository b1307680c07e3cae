using System.IO.Hashing;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.SupportTests;

public sealed class GuestContentTests
{
    const long TiB = 1L << 40;

    [Fact]
    public void WrittenBytesComeBackOverABackgroundOfZeros()
    {
        var content = new GuestContent(1 << 20);
        content.Write(4095, [1, 2, 3]);
        Assert.Equal([0, 1, 2, 3, 0], content.Read(4094, 5));
        Assert.Equal([new GuestRange(4095, 3)], content.WrittenRanges);
        Assert.Equal(4096, content.FirstDifference(4095, [1, 9, 3]));
        Assert.Equal(-1, content.FirstDifference(4095, [1, 2, 3]));
    }

    [Fact]
    public void RangesThatTouchBecomeOne()
    {
        var content = new GuestContent(1 << 20);
        content.Fill(1024, 512, ContentPattern.Random);
        content.Fill(4096, 512, ContentPattern.Zeros);
        content.Fill(0, 512, ContentPattern.Text);
        Assert.Equal(3, content.WrittenRanges.Count);
        content.Fill(512, 512, ContentPattern.Stamp);
        content.Fill(1000, 4000, ContentPattern.Zeros);
        Assert.Equal([new GuestRange(0, 5000)], content.WrittenRanges);
        Assert.Equal(new byte[24], content.Read(1000, 24));
    }

    [Theory]
    [InlineData(ContentPattern.Random)]
    [InlineData(ContentPattern.Text)]
    [InlineData(ContentPattern.Stamp)]
    [InlineData(ContentPattern.Mixed)]
    public void APatternDoesNotDependOnHowItWasCut(ContentPattern pattern)
    {
        var whole = new GuestContent(1 << 16).Fill(0, 1 << 16, pattern, 7);
        var parts = new GuestContent(1 << 16);
        for (int offset = 0; offset < 1 << 16; offset += 1111)
        {
            parts.Fill(offset, Math.Min(1111, (1 << 16) - offset), pattern, 7);
        }

        Assert.Equal(whole.Hash(), parts.Hash());
        Assert.NotEqual(whole.Hash(), new GuestContent(1 << 16).Fill(0, 1 << 16, pattern, 8).Hash());
    }

    [Fact]
    public void AHugeDiskCostsWhatIsWrittenToIt()
    {
        var content = new GuestContent(62 * TiB);
        content.Fill((62 * TiB) - 512, 512, ContentPattern.Stamp);
        content.Fill(0, 40 * TiB, ContentPattern.Zeros);
        Assert.Equal(-1, content.FirstDifference(0, new byte[1 << 16]));
        Assert.Equal(2, content.WrittenRanges.Count);
    }

    [Fact]
    public void TheRawFileHoldsTheDisk()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered((3 << 20) + 512, 3);
        content.WriteRaw(folder["disk.raw"]);
        byte[] raw = File.ReadAllBytes(folder["disk.raw"]);
        Assert.Equal(content.LengthBytes, raw.Length);
        Assert.Equal(content.Hash(), XxHash128.HashToUInt128(raw));
        Assert.Equal(-1, content.FirstDifference(0, raw));
    }

    [Fact]
    public void ACopyIsEqualAndIndependent()
    {
        GuestContent content = GuestContent.Scattered(1 << 20, 4);
        GuestContent copy = content.Clone();
        Assert.Equal(content.Hash(), copy.Hash());
        Assert.Equal(content.WrittenRanges, copy.WrittenRanges);
        copy.Fill(0, 512, ContentPattern.Random, 99);
        Assert.NotEqual(content.Hash(), copy.Hash());
        Assert.Equal(content.Read(0, 4096), content.Clone(4096).Read(0, 4096));
    }
}
