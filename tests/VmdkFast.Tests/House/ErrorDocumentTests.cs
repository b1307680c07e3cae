using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace VmdkFast.Tests.House;

/// <summary>Keeps docs/errors.md complete: every code of the enum, with its number, and no other.</summary>
public sealed partial class ErrorDocumentTests
{
    [Fact]
    public void EveryErrorCodeIsExplainedOnceInOrder()
    {
        string[] documented = [.. Row.Matches(RepositoryFiles.Read("docs/errors.md"))
            .Select(row => $"{row.Groups["number"].Value} {row.Groups["name"].Value}")];
        string[] declared = [.. Enum.GetValues<VmdkErrorCode>()
            .Select(code => string.Create(CultureInfo.InvariantCulture, $"{(int)code} {code}"))];
        Assert.Equal(declared, documented);
    }

    [Fact]
    public void EveryExplanationIsComplete()
    {
        foreach (Match row in Row.Matches(RepositoryFiles.Read("docs/errors.md")))
        {
            string[] cells = row.Groups["rest"].Value.Split('|', StringSplitOptions.TrimEntries);
            Assert.Equal(4, cells.Length);
            Assert.All(cells[..3], cell => Assert.True(cell.Length > 10, row.Value));
        }
    }

    // Number, code, then: meaning, typical cause, what to do, and the empty end of the line.
    [GeneratedRegex(@"^\| (?<number>\d+) \| `(?<name>\w+)` \|(?<rest>.*)$", RegexOptions.Multiline)]
    static partial Regex Row { get; }
}
