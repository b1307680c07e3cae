using System.Diagnostics;
using Xunit;

namespace VmdkFast.Generators.Tests.Support;

/// <summary>Runs <c>dotnet</c> as a stranger would.</summary>
static class ChildProcess
{
    /// <summary>What it wrote; fails unless it ended with 0.</summary>
    public static async Task<string> Dotnet(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // The test host runs under MSBuild's variables, which would bind the child to the host's own build.
        foreach (string name in Environment.GetEnvironmentVariables().Keys.Cast<string>())
        {
            if (name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase))
            {
                start.Environment.Remove(name);
            }
        }

        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        using Process child = Process.Start(start)!;
        CancellationToken token = TestContext.Current.CancellationToken;
        Task<string> output = child.StandardOutput.ReadToEndAsync(token);
        Task<string> errors = child.StandardError.ReadToEndAsync(token);
        await child.WaitForExitAsync(token);
        Assert.True(
            child.ExitCode == 0,
            $"dotnet {string.Join(' ', arguments)} ended with {child.ExitCode}:\n{await output}{await errors}");
        return await output;
    }
}
