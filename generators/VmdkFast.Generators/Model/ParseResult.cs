namespace VmdkFast.Generators.Model;

/// <summary>What one declaration gave.</summary>
/// <param name="Layout">The layout; null when nothing can be emitted for it.</param>
/// <param name="Diagnostics">What is wrong; empty when all is well.</param>
sealed record ParseResult(LayoutModel? Layout, EquatableArray<DiagnosticInfo> Diagnostics);
