using System.Collections.Immutable;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace VmdkFast.Generators.Tests.Support;

/// <summary>Runs the generator over source text, with every stage tracked.</summary>
sealed class GeneratorRun
{
    static readonly ImmutableArray<MetadataReference> s_references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => (MetadataReference)MetadataReference.CreateFromFile(path))];

    GeneratorDriver _driver;

    GeneratorRun(CSharpCompilation compilation, IIncrementalGenerator generator)
    {
        _driver = CSharpGeneratorDriver.Create(
            [generator.AsSourceGenerator()],
            driverOptions: new(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));
        Compilation = compilation;
        RunAgain(compilation);
    }

    public CSharpCompilation Compilation { get; private set; }

    public CSharpCompilation Output { get; private set; } = null!;

    public GeneratorRunResult Result { get; private set; }

    /// <summary>Names of the stages, read from the class that declares them.</summary>
    public static ImmutableArray<string> Stages { get; } =
        [.. typeof(StageNames).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (string)field.GetRawConstantValue()!)];

    public static GeneratorRun Of(params string[] sources) => Of(new LayoutGenerator(), sources);

    public static GeneratorRun Of(IIncrementalGenerator generator, params string[] sources) =>
        new(
            CSharpCompilation.Create(
                "Subject",
                sources.Select((source, index) => Parse(source, $"File{index}.cs")),
                s_references,
                new(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable)),
            generator);

    /// <summary>Replaces the file of this number, keeping the generator's cache.</summary>
    public void Edit(int file, string source)
    {
        SyntaxTree old = Compilation.SyntaxTrees[file];
        RunAgain(Compilation.ReplaceSyntaxTree(old, Parse(source, old.FilePath)));
    }

    /// <summary>Adds a file, keeping the generator's cache.</summary>
    public void Add(string source) =>
        RunAgain(Compilation.AddSyntaxTrees(Parse(source, $"File{Compilation.SyntaxTrees.Length}.cs")));

    /// <summary>Outputs of a stage with why they are as they are.</summary>
    public ImmutableArray<(object Value, IncrementalStepRunReason Reason)> Outputs(string stage) =>
        Result.TrackedSteps.TryGetValue(stage, out ImmutableArray<IncrementalGeneratorRunStep> steps)
            ? [.. steps.SelectMany(step => step.Outputs)]
            : [];

    /// <summary>Reasons of a stage's outputs.</summary>
    public IncrementalStepRunReason[] Reasons(string stage) => [.. Outputs(stage).Select(output => output.Reason)];

    /// <summary>The emitted text of the only structure.</summary>
    public string OnlySource() => Assert.Single(Result.GeneratedSources).SourceText.ToString();

    /// <summary>Errors and warnings of the compiler over sources and emitted code together.</summary>
    public Diagnostic[] CompilerReports() =>
        [.. Output.GetDiagnostics(TestContext.Current.CancellationToken)
            .Where(report => report.Severity >= DiagnosticSeverity.Warning)];

    void RunAgain(CSharpCompilation compilation)
    {
        Compilation = compilation;
        _driver = _driver.RunGeneratorsAndUpdateCompilation(
            compilation, out Compilation output, out _, TestContext.Current.CancellationToken);
        Output = (CSharpCompilation)output;
        Result = Assert.Single(_driver.GetRunResult().Results);
        Assert.Null(Result.Exception);
    }

    // Documentation is parsed, so that what the emitter says in comments is checked as well.
    static SyntaxTree Parse(string source, string path) => CSharpSyntaxTree.ParseText(
        source,
        new CSharpParseOptions(LanguageVersion.Latest, DocumentationMode.Diagnose),
        path,
        cancellationToken: TestContext.Current.CancellationToken);
}
