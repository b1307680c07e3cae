namespace VmdkFast.Generators.Model;

/// <summary>One structure as the emitter needs it: names and numbers, no symbol, no syntax, no place.</summary>
/// <param name="Namespace">Namespace with dots; empty for the global one.</param>
/// <param name="ContainingTypes">Headers of the types around it, outermost first: <c>partial class Outer</c>.</param>
/// <param name="Identifier">The structure's name as code.</param>
/// <param name="TypeParameters">Type parameter list with its brackets; empty when there is none.</param>
/// <param name="HintName">Name of the emitted file.</param>
/// <param name="SizeBytes">Size of the structure.</param>
/// <param name="Meaning">What the structure is.</param>
/// <param name="Fields">Fields by offset.</param>
sealed record LayoutModel(
    string Namespace,
    EquatableArray<string> ContainingTypes,
    string Identifier,
    string TypeParameters,
    string HintName,
    int SizeBytes,
    string Meaning,
    EquatableArray<FieldModel> Fields);
