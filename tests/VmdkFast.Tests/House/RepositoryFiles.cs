using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.House;

/// <summary>The text files of the repository, as far as people write them.</summary>
static class RepositoryFiles
{
    static readonly string[] s_notWritten =
        [".git", "bin", "obj", "artifacts", "TestResults", "BenchmarkDotNet.Artifacts", ".vs", "Samples", "corpus"];

    static readonly string[] s_endings =
        [".cs", ".md", ".csproj", ".props", ".targets", ".sh", ".json", ".txt", ".sln", ".editorconfig", ".py"];

    /// <summary>Paths relative to the repository's folder, with slashes.</summary>
    internal static IReadOnlyList<string> All { get; } =
        [.. Walk(new DirectoryInfo(Repo.Root), "").Order(StringComparer.Ordinal)];

    internal static IEnumerable<string> WithEnding(string ending) =>
        All.Where(path => path.EndsWith(ending, StringComparison.Ordinal));

    internal static string Read(string relativePath) => File.ReadAllText(Repo.PathOf(relativePath));

    static IEnumerable<string> Walk(DirectoryInfo folder, string prefix)
    {
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo inner)
            {
                if (!s_notWritten.Contains(inner.Name))
                {
                    foreach (string path in Walk(inner, $"{prefix}{inner.Name}/"))
                    {
                        yield return path;
                    }
                }
            }
            else if (s_endings.Contains(entry.Extension) || prefix.StartsWith(".ci", StringComparison.Ordinal))
            {
                yield return prefix + entry.Name;
            }
        }
    }
}
