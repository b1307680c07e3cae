namespace VmdkFast.Cli;

/// <summary>How the process ends; the numbers of qemu-img, and the shell's for an interrupted command.</summary>
static class ExitCode
{
    internal const int Success = 0;
    internal const int Failure = 1;

    /// <summary>128 + SIGINT.</summary>
    internal const int Interrupted = 130;
}
