namespace VmdkFast;

/// <summary>A value of the disk database as it holds for an image, and who states it. Immutable.</summary>
/// <param name="Key">The key, with <c>ddb.</c> in front.</param>
/// <param name="Value">The value, without quotes.</param>
/// <param name="Path">The image of the chain that states it: the image itself, or the nearest one below.</param>
public sealed record VmdkDatabaseEntry(string Key, string Value, string Path);
