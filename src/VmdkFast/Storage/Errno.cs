using System.Globalization;
using System.Runtime.InteropServices;

namespace VmdkFast.Storage;

/// <summary>Error numbers of Linux (the same on x86-64 and arm64), and how they read in a message.</summary>
static class Errno
{
    internal const int NotPermitted = 1, NoEntry = 2, Interrupted = 4, NoDevice = 6, Again = 11, Access = 13;
    internal const int Exists = 17, CrossDevice = 18, NotDirectory = 20, IsDirectory = 21, Invalid = 22;
    internal const int ReadOnlyFileSystem = 30, NameTooLong = 36, NoLocks = 37, NoSystemCall = 38, Loop = 40;
    internal const int NotSupported = 95;

    /// <summary>The system's text and the number, as <c>No space left on device (28)</c>.</summary>
    internal static string Text(int number) => string.Create(
        CultureInfo.InvariantCulture, $"{Marshal.GetPInvokeErrorMessage(number)} ({number})");

    /// <summary>The exception for a failed operation on an open file.</summary>
    internal static VmdkException Failure(string path, string problem, int number, long? offsetBytes = null) =>
        new(VmdkErrorCode.InputOutput, path, problem, offsetBytes, found: Text(number));
}
