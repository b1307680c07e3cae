using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace VmdkFast.Generators.Model;

/// <summary>One report, by value: the descriptor by its id, the place by its numbers.</summary>
sealed record DiagnosticInfo(string Id, LocationInfo Location, EquatableArray<string> Arguments)
{
    public static DiagnosticInfo Create(
        DiagnosticDescriptor descriptor, LocationInfo location, params string[] arguments) =>
        new(descriptor.Id, location, new(ImmutableArray.Create(arguments)));

    public Diagnostic ToDiagnostic() => Diagnostic.Create(
        Diagnostics.ById(Id), Location.ToLocation(), Arguments.ToArray<object>());
}
