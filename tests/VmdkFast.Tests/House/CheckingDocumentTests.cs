using System.Globalization;
using System.Text.RegularExpressions;
using VmdkFast.Checking;
using Xunit;

namespace VmdkFast.Tests.House;

/// <summary>Keeps docs/checking.md complete: every kind of finding, with number and severity, no other.</summary>
public sealed partial class CheckingDocumentTests
{
    [Fact]
    public void EveryKindOfFindingIsExplainedOnceInOrder()
    {
        string[] documented = [.. Row.Matches(RepositoryFiles.Read("docs/checking.md")).Select(row =>
            $"{row.Groups["number"].Value} {row.Groups["name"].Value} {row.Groups["severity"].Value}")];
        string[] declared = [.. Enum.GetValues<VmdkFindingKind>().Select(kind => string.Create(
            CultureInfo.InvariantCulture, $"{(int)kind} {kind} {FindingSeverities.Of(kind)}"))];
        Assert.Equal(declared, documented);
    }

    [GeneratedRegex(
        @"^\| (?<number>\d+) \| `(?<name>\w+)` \| (?<severity>\w+) \| [^|]{20,} \| [^|]{8,} \|$",
        RegexOptions.Multiline)]
    static partial Regex Row { get; }
}
