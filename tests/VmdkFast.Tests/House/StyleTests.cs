using Xunit;

namespace VmdkFast.Tests.House;

/// <summary>Keeps the house rules: length of lines, files and methods, words, paths.</summary>
public sealed class StyleTests
{
    [Fact]
    public void EveryCodeFileFollowsTheRules()
    {
        string[] files = [.. RepositoryFiles.WithEnding(".cs")];
        Assert.Contains("src/VmdkFast/VmdkDisk.cs", files);
        HouseAssert.None(files.SelectMany(path => StyleRules.CodeFaults(SourceFile.Load(path))));
    }

    [Fact]
    public void NoTextSpeaksOfUnfinishedWorkOrOfOneMachine()
    {
        Assert.Contains("README.md", RepositoryFiles.All);
        HouseAssert.None(RepositoryFiles.All
            .Where(path => !IsAboutTheseRules(path))
            .SelectMany(path => StyleRules.TextFaults(path, RepositoryFiles.Read(path))));
    }

    [Theory]
    [InlineData("sealed class FileHelper;", 1)]
    [InlineData("sealed class CacheManager { sealed class Utils; }", 2)]
    [InlineData("sealed class Utilization; sealed class Handlebar; enum Processors { One }", 1)]
    [InlineData("sealed class Extent;", 0)]
    public void NamesThatSayNothingAreFound(string text, int faults) => Assert.Equal(faults, CountFaults(text));

    [Theory]
    [InlineData(StyleRules.MaxLineCharacters, 0)]
    [InlineData(StyleRules.MaxLineCharacters + 1, 1)]
    public void LongLinesAreFound(int characters, int faults) =>
        Assert.Equal(faults, CountFaults("// ".PadRight(characters, 'x')));

    [Theory]
    [InlineData(StyleRules.MaxFileLines, 0)]
    [InlineData(StyleRules.MaxFileLines + 1, 1)]
    public void LongFilesAreFound(int lines, int faults) => Assert.Equal(faults, CountFaults(new string('\n', lines)));

    [Theory]
    [InlineData(StyleRules.MaxMethodLines, 0)]
    [InlineData(StyleRules.MaxMethodLines + 1, 1)]
    public void LongMethodsAreFound(int lines, int faults)
    {
        string body = new('\n', lines - 1);
        Assert.Equal(faults, CountFaults($"class C {{ void M() {{{body}}} }}"));
        Assert.Equal(faults, CountFaults($"class C {{ int P {{ get {{{body}return 1;}} }} }}"));
    }

    [Theory]
    [InlineData("// TODO: more", 1)]
    [InlineData("throw new NotImplementedException();", 1)]
    [InlineData("see /home/alice/disk.vmdk", 1)]
    [InlineData(@"see C:\Users\alice", 1)]
    [InlineData("see /root/disk.vmdk", 1)]
    [InlineData("docs/home/page.md and mastodon", 0)]
    public void UnfinishedWorkAndMachinePathsAreFound(string text, int faults) =>
        Assert.Equal(faults, StyleRules.TextFaults("fixture", text).Count());

    static int CountFaults(string text) => StyleRules.CodeFaults(SourceFile.Of("fixture.cs", text)).Count();

    // These files hold, as patterns and examples, the very words that are looked for.
    static bool IsAboutTheseRules(string path) =>
        path is "tests/VmdkFast.Tests/House/StyleTests.cs" or "tests/VmdkFast.Tests/House/StyleRules.cs";
}
