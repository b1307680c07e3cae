using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace VmdkFast.Generators;

/// <summary>Everything the generator can complain about. Each has a page in docs/diagnostics.</summary>
static class Diagnostics
{
    const string Category = "VmdkFast.Layout";
    const string HelpRoot = "https://github.com/vmdkfast/vmdkfast/blob/main/docs/diagnostics/";

    public static readonly DiagnosticDescriptor StructureShape = Error(
        "VMF0001",
        "An on-disk structure must be a readonly ref partial struct",
        "'{0}' must be declared as a 'readonly ref partial struct' that is not local to a file");

    public static readonly DiagnosticDescriptor ContainingTypeNotPartial = Error(
        "VMF0002",
        "Types around an on-disk structure must be partial",
        "'{0}' contains the on-disk structure '{1}' and must be partial");

    public static readonly DiagnosticDescriptor SizeTooSmall = Error(
        "VMF0003",
        "An on-disk structure must have at least one byte",
        "The size of '{0}' is {1}; it must be at least 1");

    public static readonly DiagnosticDescriptor OutsideStructure = Error(
        "VMF0004",
        "A field must lie inside its structure",
        "'{0}' covers bytes {1} to {2}, but '{3}' has bytes 0 to {4}");

    public static readonly DiagnosticDescriptor Overlap = Error(
        "VMF0005",
        "Fields must not overlap",
        "'{0}' starts at byte {1}, but '{2}' reaches to byte {3}");

    public static readonly DiagnosticDescriptor Gap = Error(
        "VMF0006",
        "Every byte must belong to a field or be reserved",
        "Bytes {0} to {1} of '{2}' belong to no field; declare them with [Reserved({0}, {3})]");

    public static readonly DiagnosticDescriptor UnsupportedType = Error(
        "VMF0007",
        "The type of a field must have a fixed width on disk",
        "'{0}' has type '{1}'; a field is an integer of 1 to 8 bytes, an enum, or a ReadOnlySpan<byte>");

    public static readonly DiagnosticDescriptor LengthMisuse = Error(
        "VMF0008",
        "LengthBytes belongs to fields of bytes, and to all of them",
        "'{0}' has type '{1}' and LengthBytes = {2}; a ReadOnlySpan<byte> needs at least 1, any other type none");

    public static readonly DiagnosticDescriptor FieldShape = Error(
        "VMF0009",
        "A field must be a partial property with a getter only",
        "'{0}' must be declared as a partial instance property '{{ get; }}'");

    public static readonly DiagnosticDescriptor NameTaken = Error(
        "VMF0010",
        "The name of a field must be free",
        "'{0}' is the name of a member that the generator adds to '{1}'; choose another");

    public static readonly DiagnosticDescriptor EmptyReserved = Error(
        "VMF0011",
        "A reserved range must have at least one byte",
        "The reserved range at byte {0} of '{1}' has length {2}; it must be at least 1");

    static readonly ImmutableDictionary<string, DiagnosticDescriptor> s_byId = new[]
    {
        StructureShape, ContainingTypeNotPartial, SizeTooSmall, OutsideStructure, Overlap, Gap, UnsupportedType,
        LengthMisuse, FieldShape, NameTaken, EmptyReserved,
    }.ToImmutableDictionary(descriptor => descriptor.Id, StringComparer.Ordinal);

    /// <summary>All descriptors; their order is not defined.</summary>
    public static IEnumerable<DiagnosticDescriptor> All => s_byId.Values;

    /// <summary>The descriptor with this id.</summary>
    public static DiagnosticDescriptor ById(string id) => s_byId[id];

    static DiagnosticDescriptor Error(string id, string title, string message) => new(
        id, title, message, Category, DiagnosticSeverity.Error, isEnabledByDefault: true,
        helpLinkUri: HelpRoot + id + ".md");
}
