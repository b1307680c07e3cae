using VmdkFast.Fuzz;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Fuzzing;

/// <summary>Every input that a campaign starts from or has found something with stays harmless.</summary>
public sealed class CorpusTests
{
    public static TheoryData<string> Names => [.. FuzzTargets.Names];

    public static TheoryData<string> Images =>
        [.. Files("image").Select(path => Path.GetFileName(path)).Where(IsSeed)];

    [Theory]
    [MemberData(nameof(Names))]
    public void TheCorpusIsReadOrRefused(string name)
    {
        using IFuzzTarget target = FuzzTargets.Create(name)!;
        string[] files = Files(name);
        Assert.NotEmpty(files);
        foreach (string file in files)
        {
            byte[] input = File.ReadAllBytes(file);
            Exception? finding = Record.Exception(() => target.Run(input));
            Assert.True(finding is null, $"{file}: {finding}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryPrefixOfASeedIsReadOrRefused(string name)
    {
        using IFuzzTarget target = FuzzTargets.Create(name)!;
        foreach (string file in Files(name))
        {
            byte[] input = File.ReadAllBytes(file);
            for (int length = 0; length < input.Length; length += Math.Max(1, input.Length / 61))
            {
                Exception? finding = Record.Exception(() => target.Run(input.AsSpan(0, length)));
                Assert.True(finding is null, $"{file}, first {length} bytes: {finding}");
            }
        }
    }

    // A seed that the first check refuses would teach the mutator nothing.
    [Theory]
    [MemberData(nameof(Images))]
    public void EverySeedImageOpens(string fileName)
    {
        using var folder = new TempFolder();
        FuzzFolder.WriteExtent(folder.Path);
        File.Copy(Repo.PathOf("fuzz", "corpus", "image", fileName), folder["disk.vmdk"]);
        using VmdkDisk disk = VmdkDisk.Open(folder["disk.vmdk"]);
        byte[] content = new byte[disk.Length];
        Assert.Equal(content.Length, disk.Read(content, 0));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TheDictionaryIsTheOneOfTheFieldTables(string name)
    {
        using IFuzzTarget target = FuzzTargets.Create(name)!;
        var dictionary = new FuzzDictionary();
        target.Describe(dictionary);
        string known = File.ReadAllText(Repo.PathOf("fuzz", "dictionaries", name + ".dict"));
        Assert.True(
            known == dictionary.ToString(),
            $"The mode `dictionary {name}` of the fuzz program writes fuzz/dictionaries/{name}.dict anew.");
    }

    [Fact]
    public void EveryFolderOfTheCorpusHasItsTarget() =>
        Assert.Equal(
            FuzzTargets.Names.Order(StringComparer.Ordinal),
            Directory.EnumerateDirectories(Repo.PathOf("fuzz", "corpus")).Select(Path.GetFileName)
                .Order(StringComparer.Ordinal));

    [Fact]
    public void TheCorporaStaySmall()
    {
        var corpus = new DirectoryInfo(Repo.PathOf("fuzz", "corpus"));
        Assert.InRange(corpus.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length), 1, 1 << 20);
    }

    // Inputs that found something are kept under this name; the library may refuse them.
    static bool IsSeed(string fileName) => !fileName.StartsWith("finding-", StringComparison.Ordinal);

    static string[] Files(string name) => Directory.GetFiles(Repo.PathOf("fuzz", "corpus", name));
}
