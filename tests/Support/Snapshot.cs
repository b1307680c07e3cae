using Xunit;

namespace VmdkFast.Tests.Support;

/// <summary>Compares text with a file of the repository.</summary>
/// <remarks>With <c>VMDKFAST_UPDATE_SNAPSHOTS=1</c> in the environment the file is written instead.</remarks>
static class Snapshot
{
    const string UpdateVariable = "VMDKFAST_UPDATE_SNAPSHOTS";

    /// <summary>Folder of VmdkFast.sln; found from the test's own place, as source paths may be mapped away.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>Whether texts are written anew instead of compared.</summary>
    internal static bool IsUpdating => Environment.GetEnvironmentVariable(UpdateVariable) == "1";

    /// <summary>Fails unless the file holds exactly this text.</summary>
    public static void Matches(string relativePath, string actual)
    {
        string path = Path.Combine(RepositoryRoot, relativePath);
        if (IsUpdating)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            return;
        }

        Assert.True(File.Exists(path), $"{relativePath} is missing; {UpdateVariable}=1 writes it.");
        string expected = File.ReadAllText(path);
        if (expected != actual)
        {
            Assert.Fail($"{relativePath} differs ({UpdateVariable}=1 writes it). {FirstDifference(expected, actual)}");
        }
    }

    /// <summary>Names of the files in a folder, without their path.</summary>
    public static string[] FilesIn(string relativePath) =>
        [.. Directory.GetFiles(Path.Combine(RepositoryRoot, relativePath)).Select(file => Path.GetFileName(file)!)];

    static string FirstDifference(string expected, string actual)
    {
        string[] wanted = expected.Split('\n'), found = actual.Split('\n');
        int line = 0;
        while (line < wanted.Length && line < found.Length && wanted[line] == found[line])
        {
            line++;
        }

        string Line(string[] lines) => line < lines.Length ? lines[line] : "(end of text)";
        return $"Line {line + 1}:\n  file: {Line(wanted)}\n  now:  {Line(found)}";
    }

    static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "VmdkFast.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("No VmdkFast.sln above the tests.");
    }
}
