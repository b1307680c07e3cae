namespace VmdkFast.Tests.Support;

/// <summary>Finds files of the repository that the tests were built in.</summary>
public static class Repo
{
    /// <summary>The folder with the solution, above the test program.</summary>
    public static string Root { get; } = FindRoot();

    public static string PathOf(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    static string FindRoot()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "VmdkFast.sln")))
            {
                return folder;
            }
        }

        throw new DirectoryNotFoundException($"No VmdkFast.sln above {AppContext.BaseDirectory}.");
    }
}
