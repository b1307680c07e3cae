using Xunit;

namespace VmdkFast.Cli.Tests;

public sealed class SizesTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("512", 512)]
    [InlineData("64k", 65536)]
    [InlineData("64K", 65536)]
    [InlineData("1.5M", 1572864)]
    [InlineData("2g", 2147483648)]
    [InlineData("3T", 3298534883328)]
    [InlineData("7b", 7)]
    [InlineData("0x1000", 4096)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void SizesAreReadAsQemuReadsThem(string text, long bytes)
    {
        Assert.True(Sizes.TryParse(text, out long parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("k")]
    [InlineData("-1")]
    [InlineData("1kk")]
    [InlineData("1 k")]
    [InlineData("1,5M")]
    [InlineData("0x")]
    [InlineData("0xffffffffffffffff")]
    [InlineData("8E")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999999999999999999999999999")]
    public void WhatIsNoSizeIsRefused(string text) => Assert.False(Sizes.TryParse(text, out _));

    // Taken from `qemu-img info` of files of these sizes.
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(512, "512 B")]
    [InlineData(1000, "0.977 KiB")]
    [InlineData(1208320, "1.15 MiB")]
    [InlineData(104857600, "100 MiB")]
    [InlineData(86016, "84 KiB")]
    [InlineData(5368709120, "5 GiB")]
    [InlineData(1073741823, "1 GiB")]
    public void SizesArePrintedAsQemuImgPrintsThem(long bytes, string text) => Assert.Equal(text, Sizes.Format(bytes));
}
