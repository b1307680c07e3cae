using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using VmdkFast.Generators.Emitting;
using VmdkFast.Generators.Model;
using VmdkFast.Generators.Parsing;

namespace VmdkFast.Generators;

/// <summary>Implements structures that carry <c>VmdkFast.Layout.OnDiskAttribute</c>.</summary>
/// <remarks>
/// One parse feeds two outputs. The layout has no place in a file, so a moved line writes no source again; the
/// reports have one, so a moved line moves the squiggle.
/// </remarks>
[Generator(LanguageNames.CSharp)]
public sealed class LayoutGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<ParseResult> parsed = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                AttributeNames.OnDisk,
                static (node, _) => node is TypeDeclarationSyntax,
                static (found, token) => LayoutParser.Parse(found, token))
            .WithTrackingName(StageNames.Parsed);

        IncrementalValuesProvider<LayoutModel> layouts = parsed
            .Where(static result => result.Layout is not null)
            .Select(static (result, _) => result.Layout!)
            .WithTrackingName(StageNames.Layouts);

        IncrementalValuesProvider<DiagnosticInfo> reports = parsed
            .SelectMany(static (result, _) => result.Diagnostics)
            .WithTrackingName(StageNames.Reports);

        context.RegisterSourceOutput(
            layouts,
            static (output, layout) => output.AddSource(layout.HintName, LayoutEmitter.Emit(layout)));
        context.RegisterSourceOutput(
            reports,
            static (output, report) => output.ReportDiagnostic(report.ToDiagnostic()));
    }
}
