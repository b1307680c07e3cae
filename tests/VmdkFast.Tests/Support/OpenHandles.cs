namespace VmdkFast.Tests.Support;

/// <summary>The files that this process holds open.</summary>
static class OpenHandles
{
    /// <summary>How many handles lead into a folder.</summary>
    internal static int CountBelow(string folder) => Directory.GetFiles("/proc/self/fd")
        .Count(handle => TargetOf(handle)?.StartsWith(folder, StringComparison.Ordinal) ?? false);

    static string? TargetOf(string handle)
    {
        try
        {
            return new FileInfo(handle).LinkTarget;
        }
        catch (IOException)
        {
            // Closed since it was listed, by a test on another thread.
            return null;
        }
    }
}
