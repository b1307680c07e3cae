namespace VmdkFast;

/// <summary>One value of a structure, as text for people. Immutable.</summary>
/// <param name="Name">The field's name; of a counted value, what was counted.</param>
/// <param name="OffsetBytes">Where it stands in its structure; null for what was counted or computed.</param>
/// <param name="Value">The value; flags and signatures in hexadecimal, all else decimal.</param>
/// <param name="Note">What this value amounts to (bytes, names of flags); null when there is nothing to say.</param>
/// <param name="Meaning">What the field is for, in one sentence; may be empty.</param>
public sealed record VmdkField(string Name, long? OffsetBytes, string Value, string? Note, string Meaning);
