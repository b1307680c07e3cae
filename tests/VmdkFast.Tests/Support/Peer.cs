using System.Diagnostics;
using Xunit;

namespace VmdkFast.Tests.Support;

/// <summary>Runs programs; a missing one fails the test.</summary>
static class Peer
{
    /// <summary>Runs to the end; exit code and everything it printed.</summary>
    internal static (int ExitCode, string Output) Run(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.GetAwaiter().GetResult());
    }

    /// <summary>Runs to the end and insists on success.</summary>
    internal static string RunOrFail(string program, params string[] arguments)
    {
        (int exitCode, string output) = Run(program, arguments);
        Assert.True(exitCode == 0, $"{program} {string.Join(' ', arguments)} exited with {exitCode}: {output}");
        return output;
    }

    /// <summary>Starts with all three streams redirected.</summary>
    internal static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}
