namespace VmdkFast;

/// <summary>
/// A disk's geometry as a descriptor states it. Old guests boot by it; no byte is ever located by it.
/// </summary>
/// <param name="Cylinders">Number of cylinders.</param>
/// <param name="Heads">Heads per cylinder.</param>
/// <param name="Sectors">Sectors per track, each of 512 bytes.</param>
public readonly record struct VmdkGeometry(uint Cylinders, uint Heads, uint Sectors);
