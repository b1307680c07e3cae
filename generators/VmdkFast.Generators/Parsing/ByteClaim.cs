using VmdkFast.Generators.Model;

namespace VmdkFast.Generators.Parsing;

/// <summary>Bytes that a field or a reserved range claims, before anything is known to be right.</summary>
readonly struct ByteClaim(string name, int offsetBytes, int lengthBytes, LocationInfo location)
{
    public string Name { get; } = name;

    public int OffsetBytes { get; } = offsetBytes;

    public LocationInfo Location { get; } = location;

    /// <summary>First byte after the claim; 64 bits, because the offset may be anything that fits an int.</summary>
    public long EndBytes { get; } = (long)offsetBytes + lengthBytes;
}
