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
        var verb = parseResult.CommandResult.Command as Verb;
        TextWriter output = parseResult.InvocationConfiguration.Output;
        if (verb is { Notes.Length: > 0 })
        {
            Write(output, "Notes:", verb.Notes);
        }

        Write(output, "Examples:", verb?.Examples ?? RootExamples);
        output.WriteLine(verb?.ExitCodes ?? "The exit code is 0, 1 after any failure, 130 when interrupted.");
        return exitCode;
    }

    static void Write(TextWriter output, string title, string lines)
    {
        output.WriteLine(title);
        foreach (string line in lines.Split('\n'))
        {
            output.WriteLine($"  {line}");
        }

        output.WriteLine();
    }

    const string RootExamples =
        """
        vmdkfast info disk.vmdk
        vmdkfast map --output json disk.vmdk
        vmdkfast convert -p disk.vmdk disk.raw
        vmdkfast VERB --help
        """;
}
