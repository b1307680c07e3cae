using System.CommandLine;

namespace VmdkFast.Cli;

/// <summary>Whether a verb speaks to a person or to a program.</summary>
sealed class OutputArgument
{
    readonly Option<string> _output = new("--output")
    {
        Description = "Form of the output",
        HelpName = "human|json",
        DefaultValueFactory = _ => "human",
    };

    readonly Option<bool> _json = new("--json") { Description = "The same as --output json" };

    OutputArgument()
    {
    }

    internal static OutputArgument AddTo(Command verb)
    {
        var argument = new OutputArgument();
        verb.Add(argument._output);
        verb.Add(argument._json);
        return argument;
    }

    /// <summary>Whether JSON is wanted.</summary>
    /// <exception cref="UsageException">Neither of the two forms was named.</exception>
    internal bool IsJson(ParseResult parsed) => parsed.GetValue(_output) switch
    {
        "json" => true,
        "human" => parsed.GetValue(_json),
        { } word => throw new UsageException($"--output {word}: wanted human or json"),
        null => false,
    };
}
