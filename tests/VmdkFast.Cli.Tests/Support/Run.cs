using Xunit;

namespace VmdkFast.Cli.Tests.Support;

/// <summary>Runs command lines in this process, on memory instead of the process's streams.</summary>
static class Run
{
    internal static Task<CliResult> CliAsync(params string[] arguments) =>
        CliAsync(TestContext.Current.CancellationToken, arguments);

    internal static async Task<CliResult> CliAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        int exitCode = await CommandLine.RunAsync(
            arguments, new StandardStreams(output, error, ErrorIsTerminal: false), cancellationToken);
        return new CliResult(exitCode, output.ToArray(), error.ToString());
    }

    /// <summary>Runs and insists on success and silence on standard error.</summary>
    internal static async Task<CliResult> OrFailAsync(params string[] arguments)
    {
        CliResult result = await CliAsync(arguments);
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        return result;
    }

    /// <summary>Insists on exit code 1, nothing on standard output, and one line of error.</summary>
    internal static string MustFail(CliResult result, int lines = 1)
    {
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.StartsWith("vmdkfast: ", result.Error, StringComparison.Ordinal);
        Assert.Equal(lines, result.Error.TrimEnd('\n').Split('\n').Length);
        return result.Error;
    }
}
