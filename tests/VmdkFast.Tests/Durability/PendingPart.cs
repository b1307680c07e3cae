namespace VmdkFast.Tests.Durability;

/// <summary>Something that a cut may or may not leave: a unit of a file, or the file's length.</summary>
/// <param name="File">Which file.</param>
/// <param name="Unit">Which unit; <see cref="Length"/> for the length.</param>
/// <param name="Versions">How many contents it was given since it was last durable.</param>
readonly record struct PendingPart(int File, long Unit, int Versions)
{
    internal const long Length = -1;
}
