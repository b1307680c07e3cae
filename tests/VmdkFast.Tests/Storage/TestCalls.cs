using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VmdkFast.Tests.Storage;

/// <summary>System calls that only tests need.</summary>
static partial class TestCalls
{
    /// <summary>The user whose rights this thread has on files; 0 to nobody drops root's power over them.</summary>
    [LibraryImport("libc", EntryPoint = "setfsuid")]
    internal static partial int SetFileUser(uint user);

    [LibraryImport("libc", EntryPoint = "mkfifo", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int MakeFifo(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Link(string existing, string added);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    internal static partial int Advise(SafeFileHandle handle, long offsetBytes, long lengthBytes, int advice);
}
