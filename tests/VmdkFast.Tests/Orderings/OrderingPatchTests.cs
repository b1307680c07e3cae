using System.Reflection;
using System.Text.RegularExpressions;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Orderings;

/// <summary>
/// The patches that eng/check-orderings.sh applies, one at a time, to see a test fail. Here only that they can be
/// applied, and that the tests they name exist: that much rots unseen.
/// </summary>
public sealed class OrderingPatchTests
{
    const string TestLine = "# test: ";

    public static TheoryData<string> Patches =>
    [
        .. Directory.GetFiles(Repo.PathOf("tests", "orderings"), "*.patch")
            .Select(path => Path.GetFileName(path)).Order(),
    ];

    [Theory]
    [MemberData(nameof(Patches))]
    public void APatchAppliesToTheTree(string patch)
    {
        // --check changes nothing; without fuzz, so that a patch never lands in a place that it was not made for.
        Peer.RunOrFail("git", "-C", Repo.Root, "apply", "--check", Repo.PathOf("tests", "orderings", patch));
    }

    [Theory]
    [MemberData(nameof(Patches))]
    public void APatchNamesATestAndSaysWhatItRemoves(string patch)
    {
        string[] lines = File.ReadAllLines(Repo.PathOf("tests", "orderings", patch));
        Assert.StartsWith(TestLine, lines[0]);
        Assert.StartsWith("# ", lines[1]);
        var filter = new Regex($"^{Regex.Escape(lines[0][TestLine.Length..]).Replace(@"\*", ".*")}$");
        Assert.Contains(
            typeof(OrderingPatchTests).Assembly.GetTypes()
                .SelectMany(type => type.GetMethods())
                .Where(method => method.GetCustomAttributes<FactAttribute>().Any()),
            method => filter.IsMatch($"{method.DeclaringType!.FullName}.{method.Name}"));
    }
}
