namespace VmdkFast.Generators.Model;

/// <summary>One field of a structure.</summary>
/// <param name="Name">The property's name.</param>
/// <param name="Identifier">The property's name as code: a keyword has its <c>@</c>.</param>
/// <param name="Modifiers">Modifiers of the declaring part, <c>partial</c> included.</param>
/// <param name="WriterAccessibility">Accessibility of the writer's property.</param>
/// <param name="TypeCode">The property's type as code.</param>
/// <param name="TypeName">The type as field tables show it.</param>
/// <param name="Primitive">How the bytes are read and written.</param>
/// <param name="IsEnum">The type is an enum over <paramref name="Primitive"/>.</param>
/// <param name="OffsetBytes">Offset of the first byte.</param>
/// <param name="SizeBytes">Number of bytes.</param>
/// <param name="Unit">Name of a member of <c>FieldUnit</c>.</param>
/// <param name="Meaning">What the field means; may be empty.</param>
/// <param name="IsDocumented">The user's part has its own documentation, which the emitted part must not hide.</param>
sealed record FieldModel(
    string Name,
    string Identifier,
    string Modifiers,
    string WriterAccessibility,
    string TypeCode,
    string TypeName,
    Primitive Primitive,
    bool IsEnum,
    int OffsetBytes,
    int SizeBytes,
    string Unit,
    string Meaning,
    bool IsDocumented);
