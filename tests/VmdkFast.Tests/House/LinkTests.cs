using System.Text.RegularExpressions;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.House;

/// <summary>Keeps the links between the documents alive.</summary>
public sealed partial class LinkTests
{
    [Fact]
    public void EveryLinkLeadsSomewhere()
    {
        string[] documents = [.. RepositoryFiles.WithEnding(".md")];
        Assert.Contains("README.md", documents);
        HouseAssert.None(documents.SelectMany(path => Dead(path, RepositoryFiles.Read(path))));
    }

    [Theory]
    [InlineData("[a](docs/architecture.md)", 0)]
    [InlineData("[a](docs/architecture.md#the-rooms)", 0)]
    [InlineData("[a](docs/nowhere.md)", 1)]
    [InlineData("[a](docs/architecture.md#nowhere)", 1)]
    [InlineData("# Here\n[a](#here) [b](#there)", 1)]
    [InlineData("[a](https://example.org/nowhere.md)", 0)]
    [InlineData("```\n[a](docs/nowhere.md)\n```", 0)]
    public void DeadLinksAreFound(string text, int dead) => Assert.Equal(dead, Dead("README.md", text).Count());

    static IEnumerable<string> Dead(string path, string text)
    {
        string folder = Path.GetDirectoryName(path)!;
        foreach (Match link in Link.Matches(CodeBlock.Replace(text, "")))
        {
            string[] parts = link.Groups["to"].Value.Split('#', 2);
            if (parts[0].Contains(':', StringComparison.Ordinal))
            {
                continue;
            }

            string target = parts[0].Length == 0 ? path : Path.Combine(folder, parts[0]);
            string full = Repo.PathOf(target);
            bool exists = parts[0].Length == 0 || File.Exists(full) || Directory.Exists(full);
            string targetText = parts[0].Length == 0 ? text : File.Exists(full) ? File.ReadAllText(full) : "";
            if (!exists || (parts.Length > 1 && !Anchors(targetText).Contains(parts[1])))
            {
                yield return $"{path}: {link.Groups["to"].Value}";
            }
        }
    }

    // As the usual hosts make them: lower case, spaces to dashes, all else but letters, digits, '_' and '-' dropped.
    static IEnumerable<string> Anchors(string text) =>
        Heading.Matches(CodeBlock.Replace(text, "")).Select(heading => NotInAnchor.Replace(
            heading.Groups["title"].Value.Trim().ToLowerInvariant().Replace(' ', '-'), ""));

    [GeneratedRegex(@"(?<!!)\[[^\]\n]*\]\((?<to>[^)\s]+)\)")]
    static partial Regex Link { get; }

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    static partial Regex CodeBlock { get; }

    [GeneratedRegex("^#{1,6} (?<title>.*)$", RegexOptions.Multiline)]
    static partial Regex Heading { get; }

    [GeneratedRegex("[^a-z0-9_-]")]
    static partial Regex NotInAnchor { get; }
}
