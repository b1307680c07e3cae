using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using VmdkFast.Generators.Model;

namespace VmdkFast.Generators.Parsing;

/// <summary>One property to one field.</summary>
static class FieldParser
{
    // Members that the emitter adds to the structure; a field of the same name could not compile.
    static readonly HashSet<string> s_taken = new(StringComparer.Ordinal)
    {
        "SizeBytes", "Meaning", "Fields", "Read", "TryRead", "Writer", "CreateWriter", "ThrowTooShort", "_bytes",
    };

    /// <summary>Parses a property that carries the attribute; null when it cannot be emitted.</summary>
    public static FieldModel? Parse(
        IPropertySymbol property, AttributeData attribute, LocationInfo place, List<DiagnosticInfo> found,
        CancellationToken token)
    {
        if (!AttributeValues.TryGetInt(attribute, 0, out int offsetBytes))
        {
            return null;
        }

        SyntaxNode? declaration = property.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(token);
        if (declaration is not PropertyDeclarationSyntax syntax || !IsPartialGetter(property, syntax))
        {
            found.Add(DiagnosticInfo.Create(Diagnostics.FieldShape, place, property.Name));
            return null;
        }

        if (s_taken.Contains(property.Name))
        {
            found.Add(DiagnosticInfo.Create(
                Diagnostics.NameTaken, place, property.Name, property.ContainingType.Name));
            return null;
        }

        if (PrimitiveOf(property.Type) is not Primitive primitive)
        {
            found.Add(DiagnosticInfo.Create(
                Diagnostics.UnsupportedType, place, property.Name, property.Type.ToDisplayString()));
            return null;
        }

        int lengthBytes = AttributeValues.Named(attribute, "LengthBytes", 0);
        if (primitive == Primitive.Bytes ? lengthBytes < 1 : lengthBytes != 0)
        {
            found.Add(DiagnosticInfo.Create(
                Diagnostics.LengthMisuse, place, property.Name, property.Type.ToDisplayString(),
                lengthBytes.ToString(CultureInfo.InvariantCulture)));
            return null;
        }

        return Create(property, syntax, attribute, primitive, offsetBytes, lengthBytes, token);
    }

    static FieldModel Create(
        IPropertySymbol property, PropertyDeclarationSyntax syntax, AttributeData attribute, Primitive primitive,
        int offsetBytes, int lengthBytes, CancellationToken token)
    {
        int sizeBytes = primitive == Primitive.Bytes ? lengthBytes : WidthBytes(primitive);
        return new(
            property.Name,
            syntax.Identifier.Text,
            string.Join(" ", syntax.Modifiers.Select(modifier => modifier.Text)),
            WriterAccessibility(property.DeclaredAccessibility),
            property.Type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat),
            primitive == Primitive.Bytes
                ? string.Format(CultureInfo.InvariantCulture, "byte[{0}]", sizeBytes)
                : property.Type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat),
            primitive,
            property.Type.TypeKind == TypeKind.Enum,
            offsetBytes,
            sizeBytes,
            AttributeValues.NamedEnum(attribute, "Unit", "None"),
            AttributeValues.Named(attribute, "Meaning", ""),
            !string.IsNullOrEmpty(property.GetDocumentationCommentXml(cancellationToken: token)));
    }

    static bool IsPartialGetter(IPropertySymbol property, PropertyDeclarationSyntax syntax) =>
        syntax.Modifiers.Any(SyntaxKind.PartialKeyword)
        && property is { IsStatic: false, GetMethod: not null, SetMethod: null, RefKind: RefKind.None }
        && property.PartialImplementationPart is null
        && syntax.ExpressionBody is null
        && syntax.AccessorList?.Accessors.All(a => a.Body is null && a.ExpressionBody is null) == true;

    static Primitive? PrimitiveOf(ITypeSymbol type) => type switch
    {
        INamedTypeSymbol { EnumUnderlyingType: { } underlying } => PrimitiveOf(underlying),
        INamedTypeSymbol
        {
            Name: "ReadOnlySpan",
            ContainingNamespace: { Name: "System", ContainingNamespace.IsGlobalNamespace: true },
            TypeArguments.Length: 1,
        } span when span.TypeArguments[0].SpecialType == SpecialType.System_Byte => Primitive.Bytes,
        _ => type.SpecialType switch
        {
            SpecialType.System_Byte => Primitive.Byte,
            SpecialType.System_SByte => Primitive.SByte,
            SpecialType.System_UInt16 => Primitive.UInt16,
            SpecialType.System_Int16 => Primitive.Int16,
            SpecialType.System_UInt32 => Primitive.UInt32,
            SpecialType.System_Int32 => Primitive.Int32,
            SpecialType.System_UInt64 => Primitive.UInt64,
            SpecialType.System_Int64 => Primitive.Int64,
            _ => null,
        },
    };

    static int WidthBytes(Primitive primitive) => primitive switch
    {
        Primitive.Byte or Primitive.SByte => 1,
        Primitive.UInt16 or Primitive.Int16 => 2,
        Primitive.UInt32 or Primitive.Int32 => 4,
        _ => 8,
    };

    // A private property can be used inside the structure only, and from there a private one of the nested writer
    // would be out of reach.
    static string WriterAccessibility(Accessibility accessibility) =>
        accessibility == Accessibility.Public ? "public" : "internal";
}
