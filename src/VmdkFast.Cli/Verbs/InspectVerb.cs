using System.CommandLine;

namespace VmdkFast.Cli.Verbs;

sealed class InspectVerb(StandardStreams streams) : Verb("inspect", "x")
{
    internal override string Examples => "";
    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken) => Task.FromResult(streams is null ? 0 : 1);
}
