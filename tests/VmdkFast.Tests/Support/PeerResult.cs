namespace VmdkFast.Tests.Support;

/// <summary>What a program said and how it ended.</summary>
public sealed record PeerResult(string CommandLine, int ExitCode, string Output, string Error)
{
    /// <summary>This result, when the program ended with 0; otherwise an exception with all that it said.</summary>
    public PeerResult MustSucceed() => ExitCode == 0
        ? this
        : throw new InvalidOperationException($"{CommandLine} ended with {ExitCode}.\n{Output}\n{Error}");
}
