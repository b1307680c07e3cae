namespace VmdkFast.Cli;

/// <summary>How the process ends; the numbers of qemu-img, and the shell's for an interrupted command.</summary>
static class ExitCode
{
    internal const int Success = 0;
    internal const int Failure = 1;

    /// <summary><c>compare</c>: the disks differ.</summary>
    internal const int CompareDifferent = 1;

    /// <summary><c>compare</c>: an image could not be opened.</summary>
    internal const int CompareOpenFailure = 2;

    /// <summary><c>compare</c>: what is allocated could not be found out.</summary>
    internal const int CompareTableFailure = 3;

    /// <summary><c>compare</c>: data could not be read.</summary>
    internal const int CompareReadFailure = 4;

    /// <summary>128 + SIGINT.</summary>
    internal const int Interrupted = 130;
}
