namespace VmdkFast;

/// <summary>The unit of the format: 512 bytes, always.</summary>
static class Sector
{
    /// <summary>Bytes in a sector.</summary>
    internal const int Bytes = 512;

    /// <summary>log2 of <see cref="Bytes"/>.</summary>
    internal const int Shift = 9;

    /// <summary>The largest sector number whose byte offset fits a signed 64-bit integer.</summary>
    internal const ulong MaxSectors = long.MaxValue >> Shift;

    /// <summary>Sectors needed to hold <paramref name="bytes"/> bytes.</summary>
    internal static long CountFor(long bytes) => (bytes >> Shift) + ((bytes & (Bytes - 1)) != 0 ? 1 : 0);

    /// <summary>The first multiple of a power of two that is not below a sector.</summary>
    internal static long RoundUp(long sectors, long alignSectors) => (sectors + alignSectors - 1) & -alignSectors;

    /// <summary>Bytes of a number of sectors that has passed <see cref="MaxSectors"/>.</summary>
    internal static long ToBytes(ulong sectors) => checked((long)sectors << Shift);
}
