using System.Globalization;
using VmdkFast.Layout;
using Xunit;

namespace VmdkFast.Tests.Layout;

public sealed class LayoutFieldTests
{
    static readonly byte[] s_bytes = [.. Enumerable.Range(0, 20).Select(i => (byte)(0xFF - i))];

    [Theory]
    [InlineData(0, 1, FieldEncoding.Number, FieldUnit.None, "255")]
    [InlineData(0, 1, FieldEncoding.SignedNumber, FieldUnit.None, "-1")]
    [InlineData(1, 2, FieldEncoding.Number, FieldUnit.Sectors, "65022")]
    [InlineData(1, 2, FieldEncoding.SignedNumber, FieldUnit.None, "-514")]
    [InlineData(1, 4, FieldEncoding.Number, FieldUnit.Bytes, "4227661310")]
    [InlineData(1, 4, FieldEncoding.SignedNumber, FieldUnit.None, "-67305986")]
    [InlineData(3, 8, FieldEncoding.Number, FieldUnit.Entries, "17723626032281091068")]
    [InlineData(3, 8, FieldEncoding.SignedNumber, FieldUnit.None, "-723118041428460548")]
    [InlineData(3, 4, FieldEncoding.Number, FieldUnit.Flags, "0xf9fafbfc")]
    [InlineData(3, 2, FieldEncoding.Number, FieldUnit.Signature, "0xfbfc")]
    [InlineData(2, 3, FieldEncoding.Bytes, FieldUnit.None, "fdfcfb")]
    [InlineData(4, 16, FieldEncoding.Bytes, FieldUnit.None, "fbfaf9f8f7f6f5f4f3f2f1f0efeeedec")]
    [InlineData(1, 17, FieldEncoding.Bytes, FieldUnit.None, "fefdfcfbfaf9f8f7f6f5f4f3f2f1f0ef… (17 bytes)")]
    public void AValueIsShownByItsUnit(
        int offsetBytes, int sizeBytes, FieldEncoding encoding, FieldUnit unit, string expected) =>
        Assert.Equal(expected, Field(offsetBytes, sizeBytes, encoding, unit).FormatValue(s_bytes));

    [Fact]
    public void SmallFlagsKeepTheirLeadingZeros() =>
        Assert.Equal("0x00000003", Field(0, 4, FieldEncoding.Number, FieldUnit.Flags).FormatValue([3, 0, 0, 0]));

    [Fact]
    public void TheCultureChangesNothing()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("sv-SE") { NumberFormat = { NegativeSign = "minus" } };
            Assert.Equal("-1", Field(0, 1, FieldEncoding.SignedNumber, FieldUnit.None).FormatValue(s_bytes));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void AStructureThatEndsTooSoonIsRefused()
    {
        LayoutField field = Field(16, 4, FieldEncoding.Number, FieldUnit.None);
        Assert.Equal("3975016175", field.FormatValue(s_bytes));
        Assert.Throws<ArgumentException>("structure", () => field.FormatValue(s_bytes.AsSpan(0, 19)));
    }

    [Theory]
    [InlineData(-1, 4, FieldEncoding.Number)]
    [InlineData(0, 3, FieldEncoding.Number)]
    [InlineData(0, 0, FieldEncoding.Bytes)]
    [InlineData(0, 16, FieldEncoding.SignedNumber)]
    [InlineData(int.MaxValue, 1, FieldEncoding.Bytes)]
    public void AFieldOfNoPossibleSizeIsRefused(int offsetBytes, int sizeBytes, FieldEncoding encoding) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Field(offsetBytes, sizeBytes, encoding, FieldUnit.None));

    static LayoutField Field(int offsetBytes, int sizeBytes, FieldEncoding encoding, FieldUnit unit) =>
        new("Name", offsetBytes, sizeBytes, "type", encoding, unit, "");
}
