using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using VmdkFast.Cli.Verbs;

namespace VmdkFast.Cli;

/// <summary>The help text, with a verb's examples below.</summary>
sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int exitCode = help.Invoke(parseResult);
        string examples = parseResult.CommandResult.Command is Verb verb ? verb.Examples : RootExamples;
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (string line in examples.Split('\n'))
        {
            output.WriteLine($"  {line}");
        }

        output.WriteLine();
        output.WriteLine("The exit code is 0, 1 after any failure, 130 when interrupted.");
        return exitCode;
    }

    const string RootExamples =
        """
        vmdkfast info disk.vmdk
        vmdkfast map --output json disk.vmdk
        vmdkfast convert -p disk.vmdk disk.raw
        vmdkfast VERB --help
        """;
}
