using System.Collections.Immutable;
using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using VmdkFast.Generators.Model;

namespace VmdkFast.Generators.Parsing;

/// <summary>Symbols to model. Nothing outside this folder sees a symbol.</summary>
static class LayoutParser
{
    static readonly SymbolDisplayFormat s_namespaceFormat = SymbolDisplayFormat.FullyQualifiedFormat
        .WithGlobalNamespaceStyle(SymbolDisplayGlobalNamespaceStyle.Omitted);

    /// <summary>Parses one declaration.</summary>
    /// <remarks>
    /// A wrong range does not stop the source from being written, and a wrong field only leaves itself out: else the
    /// compiler would bury the one true report under "must have an implementation part" for every property.
    /// </remarks>
    public static ParseResult Parse(GeneratorAttributeSyntaxContext context, CancellationToken token)
    {
        var type = (INamedTypeSymbol)context.TargetSymbol;
        var syntax = (TypeDeclarationSyntax)context.TargetNode;
        var found = new List<DiagnosticInfo>();
        AttributeData onDisk = context.Attributes[0];
        LocationInfo place = LocationInfo.From(syntax.Identifier.GetLocation());
        if (!AttributeValues.TryGetInt(onDisk, 0, out int sizeBytes)
            || !CheckShape(type, syntax, place, sizeBytes, found))
        {
            return new(null, ToArray(found));
        }

        List<FieldModel> fields = [];
        List<ByteClaim> claims = [];
        ParseFields(type, fields, claims, found, token);
        ParseReserved(type, claims, found, token);
        Coverage.Check(type.Name, place, sizeBytes, claims, found);

        var layout = new LayoutModel(
            NamespaceOf(type),
            new([.. ContainingTypes(syntax).Select(Header)]),
            syntax.Identifier.Text,
            syntax.TypeParameterList?.ToString() ?? "",
            HintName(type),
            sizeBytes,
            AttributeValues.Named(onDisk, "Meaning", ""),
            new([.. fields.OrderBy(f => f.OffsetBytes).ThenBy(f => f.Name, StringComparer.Ordinal)]));
        return new(layout, ToArray(found));
    }

    static EquatableArray<DiagnosticInfo> ToArray(List<DiagnosticInfo> found) => new(found.ToImmutableArray());

    static bool CheckShape(
        INamedTypeSymbol type, TypeDeclarationSyntax syntax, LocationInfo place, int sizeBytes,
        List<DiagnosticInfo> found)
    {
        if (type is not { IsReadOnly: true, IsRefLikeType: true, IsFileLocal: false }
            || !syntax.Modifiers.Any(SyntaxKind.PartialKeyword))
        {
            found.Add(DiagnosticInfo.Create(Diagnostics.StructureShape, place, type.Name));
        }

        foreach (TypeDeclarationSyntax outer in ContainingTypes(syntax))
        {
            if (!outer.Modifiers.Any(SyntaxKind.PartialKeyword))
            {
                LocationInfo outerPlace = LocationInfo.From(outer.Identifier.GetLocation());
                found.Add(DiagnosticInfo.Create(
                    Diagnostics.ContainingTypeNotPartial, outerPlace, outer.Identifier.ValueText, type.Name));
            }
        }

        if (sizeBytes < 1)
        {
            found.Add(DiagnosticInfo.Create(
                Diagnostics.SizeTooSmall, place, type.Name, sizeBytes.ToString(CultureInfo.InvariantCulture)));
        }

        return found.Count == 0;
    }

    static void ParseFields(
        INamedTypeSymbol type, List<FieldModel> fields, List<ByteClaim> claims, List<DiagnosticInfo> found,
        CancellationToken token)
    {
        foreach (IPropertySymbol property in type.GetMembers().OfType<IPropertySymbol>())
        {
            token.ThrowIfCancellationRequested();
            if (AttributeValues.Find(property, AttributeNames.Field) is not { } attribute)
            {
                continue;
            }

            LocationInfo place = LocationInfo.From(property.Locations[0]);
            if (FieldParser.Parse(property, attribute, place, found, token) is { } field)
            {
                fields.Add(field);
                claims.Add(new(field.Name, field.OffsetBytes, field.SizeBytes, place));
            }
        }
    }

    static void ParseReserved(
        INamedTypeSymbol type, List<ByteClaim> claims, List<DiagnosticInfo> found, CancellationToken token)
    {
        foreach (AttributeData attribute in AttributeValues.FindAll(type, AttributeNames.Reserved))
        {
            if (!AttributeValues.TryGetInt(attribute, 0, out int offsetBytes)
                || !AttributeValues.TryGetInt(attribute, 1, out int lengthBytes))
            {
                continue;
            }

            LocationInfo place = LocationInfo.From(AttributeValues.Place(attribute, token));
            if (lengthBytes < 1)
            {
                found.Add(DiagnosticInfo.Create(
                    Diagnostics.EmptyReserved, place, offsetBytes.ToString(CultureInfo.InvariantCulture), type.Name,
                    lengthBytes.ToString(CultureInfo.InvariantCulture)));
                continue;
            }

            claims.Add(new("Reserved", offsetBytes, lengthBytes, place));
        }
    }

    // Outermost first.
    static IEnumerable<TypeDeclarationSyntax> ContainingTypes(TypeDeclarationSyntax syntax) =>
        syntax.Ancestors().OfType<TypeDeclarationSyntax>().Reverse();

    static string Header(TypeDeclarationSyntax outer)
    {
        string kind = outer is RecordDeclarationSyntax { ClassOrStructKeyword.Text: { Length: > 0 } suffix }
            ? "record " + suffix
            : outer.Keyword.Text;
        return "partial " + kind + " " + outer.Identifier.Text + outer.TypeParameterList;
    }

    // Metadata names tell Outer<T> and Outer<T, U> apart; the backtick and the plus are no good in a file name.
    static string HintName(INamedTypeSymbol type)
    {
        string name = type.MetadataName;
        for (INamedTypeSymbol? outer = type.ContainingType; outer is not null; outer = outer.ContainingType)
        {
            name = outer.MetadataName + "." + name;
        }

        string space = NamespaceOf(type).Replace("@", "");
        return (space.Length == 0 ? "" : space + ".") + name.Replace('`', '-') + ".g.cs";
    }

    static string NamespaceOf(INamedTypeSymbol type) => type.ContainingNamespace.IsGlobalNamespace
        ? ""
        : type.ContainingNamespace.ToDisplayString(s_namespaceFormat);
}
