using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;
using VmdkFast.Generators.Model;
using VmdkFast.Generators.Tests.Support;
using Xunit;

namespace VmdkFast.Generators.Tests;

public sealed class CachingTests
{
    static readonly IncrementalStepRunReason[] s_kept =
        [IncrementalStepRunReason.Cached, IncrementalStepRunReason.Unchanged];

    [Fact]
    public void AnUnrelatedEditKeepsEveryOutput()
    {
        GeneratorRun run = GeneratorRun.Of(Sources.Good, Sources.Overlapping.Replace("Header", "Bad"));
        run.Add("class Unrelated;");

        foreach (string stage in GeneratorRun.Stages)
        {
            Assert.NotEmpty(run.Reasons(stage));
            Assert.All(run.Reasons(stage), reason => Assert.Contains(reason, s_kept));
        }

        Assert.All(
            run.Result.TrackedOutputSteps.SelectMany(pair => pair.Value).SelectMany(step => step.Outputs),
            output => Assert.Equal(IncrementalStepRunReason.Cached, output.Reason));
    }

    [Fact]
    public void AMovedLineReportsAgainButWritesNoSource()
    {
        GeneratorRun run = GeneratorRun.Of(Sources.Overlapping);
        SourceText before = Assert.Single(run.Result.GeneratedSources).SourceText;
        int lineBefore = Assert.Single(run.Result.Diagnostics).Location.GetLineSpan().StartLinePosition.Line;

        run.Edit(0, "\n" + Sources.Overlapping);

        Assert.Equal([IncrementalStepRunReason.Unchanged], run.Reasons(StageNames.Layouts));
        Assert.Same(before, Assert.Single(run.Result.GeneratedSources).SourceText);
        Assert.Equal([IncrementalStepRunReason.Modified], run.Reasons(StageNames.Reports));
        int lineAfter = Assert.Single(run.Result.Diagnostics).Location.GetLineSpan().StartLinePosition.Line;
        Assert.Equal(lineBefore + 1, lineAfter);
    }

    [Fact]
    public void OnlyANewSiblingIsNew()
    {
        GeneratorRun run = GeneratorRun.Of(Sources.Good);
        run.Add(Sources.Sibling);

        Assert.Equal(2, run.Outputs(StageNames.Layouts).Length);
        foreach ((object value, IncrementalStepRunReason reason) in run.Outputs(StageNames.Layouts))
        {
            bool isSibling = ((LayoutModel)value).Identifier == "Sibling";
            Assert.True(isSibling ? reason == IncrementalStepRunReason.New : s_kept.Contains(reason), $"{reason}");
        }
    }

    [Theory]
    [InlineData("\"Capacity.\"", "\"Another.\"")]
    [InlineData("FieldUnit.Sectors", "FieldUnit.Bytes")]
    [InlineData("partial ulong", "partial long")]
    [InlineData(" CapacitySectors", " Length")]
    [InlineData("public partial ulong", "internal partial ulong")]
    [InlineData("\"A header.\"", "\"A footer.\"")]
    [InlineData("OnDisk(16", "OnDisk(17")]
    public void AChangeIsModified(string before, string after)
    {
        GeneratorRun run = GeneratorRun.Of(Sources.Good);
        Assert.Contains(before, Sources.Good, StringComparison.Ordinal);
        run.Edit(0, Sources.Good.Replace(before, after));
        Assert.Equal([IncrementalStepRunReason.Modified], run.Reasons(StageNames.Layouts));
    }

    [Fact]
    public void AnotherSpellingIsNoChange()
    {
        GeneratorRun run = GeneratorRun.Of(Sources.Good);
        run.Edit(0, Sources.GoodSaidOtherwise);
        Assert.Equal([IncrementalStepRunReason.Unchanged], run.Reasons(StageNames.Parsed));
        Assert.Equal([IncrementalStepRunReason.Cached], run.Reasons(StageNames.Layouts));
    }

    [Fact]
    public void EquivalentSourceMakesAnEqualModel()
    {
        object one = Assert.Single(GeneratorRun.Of(Sources.Good).Outputs(StageNames.Parsed)).Value;
        object other = Assert.Single(GeneratorRun.Of(Sources.GoodSaidOtherwise).Outputs(StageNames.Parsed)).Value;

        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        Assert.NotSame(one, other);
    }
}
