namespace VmdkFast.Tests.Durability;

/// <summary>What a sector's bytes are. Zeros can be zeros of before as well as zeros that were written.</summary>
/// <param name="Value">A value of the oracle, or <see cref="DiskReading.Foreign"/>.</param>
/// <param name="IsOriginal">Whether these are (also) the bytes of before the first request.</param>
readonly record struct SeenValues(int Value, bool IsOriginal)
{
    internal bool MaySurvive(SectorOracle oracle, long sector) =>
        oracle.MaySurvive(sector, Value) || (IsOriginal && oracle.MaySurvive(sector, SectorOracle.Original));

    internal bool MayRead(SectorOracle oracle, long sector) =>
        oracle.MayRead(sector, Value) || (IsOriginal && oracle.MayRead(sector, SectorOracle.Original));
}
