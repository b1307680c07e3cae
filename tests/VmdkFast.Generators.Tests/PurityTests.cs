using Microsoft.CodeAnalysis;
using VmdkFast.Generators.Tests.Support;
using Xunit;

namespace VmdkFast.Generators.Tests;

public sealed class PurityTests
{
    [Fact]
    public void NoStageHandsOnAnObjectOfTheCompiler()
    {
        GeneratorRun run = GeneratorRun.Of(Sources.Good, Sources.Overlapping.Replace("Header", "Bad"));
        foreach (string stage in GeneratorRun.Stages)
        {
            Assert.NotEmpty(run.Outputs(stage));
            Assert.All(run.Outputs(stage), output => Assert.Null(ObjectGraph.FindCompilerObject(output.Value)));
        }
    }

    [Theory]
    [InlineData("Symbol")]
    [InlineData("Node")]
    [InlineData("Location")]
    [InlineData("Token")]
    [InlineData("Compilation")]
    public void TheSearchFindsWhatABadStageHandsOn(string what)
    {
        GeneratorRun run = GeneratorRun.Of(new BadGenerator(what), Sources.Good);
        object value = Assert.Single(run.Outputs(BadGenerator.Stage)).Value;
        string? found = ObjectGraph.FindCompilerObject(value);
        Assert.StartsWith("Holder", found, StringComparison.Ordinal);
        Assert.Contains("_hidden[0]", found, StringComparison.Ordinal);
    }

    /// <summary>Holds an object where only a search of private fields and array elements finds it.</summary>
    sealed class Holder(object hidden)
    {
        readonly object[] _hidden = [hidden];

        public override string ToString() => _hidden.Length.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Does what the real generator must not.</summary>
    sealed class BadGenerator(string what) : IIncrementalGenerator
    {
        public const string Stage = "Bad";

        public void Initialize(IncrementalGeneratorInitializationContext context)
        {
            IncrementalValuesProvider<Holder> holders = context.SyntaxProvider
                .ForAttributeWithMetadataName(
                    AttributeNames.OnDisk,
                    static (_, _) => true,
                    (found, _) => new Holder(what switch
                    {
                        "Symbol" => found.TargetSymbol,
                        "Node" => found.TargetNode,
                        "Location" => found.TargetNode.GetLocation(),
                        "Token" => found.TargetNode.GetFirstToken(),
                        _ => found.SemanticModel.Compilation,
                    }))
                .WithTrackingName(Stage);
            context.RegisterSourceOutput(holders, static (_, holder) => holder.ToString());
        }
    }
}
