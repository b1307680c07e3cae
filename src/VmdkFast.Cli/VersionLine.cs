using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;

namespace VmdkFast.Cli;

/// <summary>The answer to <c>--version</c>: this assembly's, whichever program hosts it.</summary>
sealed class VersionLine : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        string version = typeof(VersionLine).Assembly
            .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        parseResult.InvocationConfiguration.Output.WriteLine($"vmdkfast {version}");
        return ExitCode.Success;
    }
}
