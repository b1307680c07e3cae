using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>COWD headers with one wrong field each.</summary>
public sealed class CowdHeaderTests
{
    [Theory]
    [InlineData(4, 0u, VmdkErrorCode.Unsupported, "Version")]
    [InlineData(4, 2u, VmdkErrorCode.Unsupported, "Version")]
    [InlineData(12, 0u, VmdkErrorCode.HeaderInvalid, "CapacitySectors")]
    [InlineData(16, 0u, VmdkErrorCode.HeaderInvalid, "GrainSizeSectors")]
    [InlineData(16, 3u, VmdkErrorCode.HeaderInvalid, "GrainSizeSectors")]
    [InlineData(16, uint.MaxValue, VmdkErrorCode.HeaderInvalid, "GrainSizeSectors")]
    [InlineData(16, 1u << 31, VmdkErrorCode.HeaderInvalid, "GrainSizeSectors")]
    [InlineData(20, 0u, VmdkErrorCode.HeaderInvalid, "DirectoryOffsetSectors")]
    [InlineData(20, uint.MaxValue, VmdkErrorCode.Truncated, "DirectoryOffsetSectors")]
    [InlineData(24, 0u, VmdkErrorCode.HeaderInvalid, "DirectoryEntries")]
    public void AnImpossibleFieldIsRefused(int offset, uint value, VmdkErrorCode code, string field)
    {
        using var folder = new TempFolder();
        string path = CowdImage.WriteBare(folder.Path, "disk", GuestContent.Scattered(1 << 20, seed: 1));
        Patch.WriteUInt32(path, offset, value);

        Refusal.OfOpening(path).Says(code, path, offset, field);
    }

    [Fact]
    public void AnAbsurdCapacityAsksForNoMemory()
    {
        using var folder = new TempFolder();
        string path = CowdImage.WriteBare(folder.Path, "disk", GuestContent.Scattered(1 << 20, seed: 1));
        Patch.WriteUInt32(path, 12, uint.MaxValue);
        Patch.WriteUInt32(path, 24, uint.MaxValue);

        Refusal.OfOpening(path).Says(VmdkErrorCode.Truncated, path, 20, "DirectoryOffsetSectors");
    }
}
