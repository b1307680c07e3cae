using System.CommandLine;

namespace VmdkFast.Cli.Verbs;

/// <summary>One verb of the command.</summary>
abstract class Verb : Command
{
    protected Verb(string name, string description)
        : base(name, description) => SetAction(RunAsync);

    /// <summary>Command lines that show what the verb is for, one a line.</summary>
    internal abstract string Examples { get; }

    /// <summary>What there is to know besides the description; empty when that says all.</summary>
    internal virtual string Notes => "";

    /// <summary>The exit code of a verb that fails.</summary>
    internal virtual int FailureCode => ExitCode.Failure;

    /// <summary>The exit codes, where there are more than for every verb; null elsewhere.</summary>
    internal virtual string? ExitCodes => null;

    /// <summary>The options of an image, when the command line asks for nothing else; null otherwise.</summary>
    internal virtual string? ListOptions(ParseResult parsed) => null;

    /// <summary>Carries the verb out; failures are thrown.</summary>
    /// <returns>The exit code.</returns>
    protected abstract Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken);

    /// <summary>The image that the verb is about.</summary>
    protected static Argument<string> FileArgument(string name = "FILE", string description = "The image") =>
        new(name) { Description = description };
}
