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

    /// <summary>A check found damage.</summary>
    internal const int Corruptions = 2;

    /// <summary>A check found wasted space, and nothing worse.</summary>
    internal const int Leaks = 3;

    /// <summary>An image of a kind that cannot be checked.</summary>
    internal const int NotCheckable = 63;

    /// <summary>128 + SIGINT.</summary>
    internal const int Interrupted = 130;
}
