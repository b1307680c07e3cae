using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using VmdkFast.Tests.House;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Safety;

/// <summary>Keeps docs/safety.md true: what is said of each malformed image, and the tests that it names.</summary>
public sealed partial class SafetyDocumentTests
{
    const string DocumentPath = "docs/safety.md";
    const int ChunkBytes = 1 << 16;
    const long MaxReadBytes = 4 << 20;

    const int BusySeconds = 15;
    const string Busy = "has not ended after 15 seconds";

    // Opening and reading allocate buffers, tables and grains, whatever a header says.
    const long MaxAllocatedBytes = 16 << 20;

    [Fact]
    public void TheTableSaysWhatIsSaidOfEachMalformedImage()
    {
        string document = RepositoryFiles.Read(DocumentPath);
        string version = Version().Match(QemuImg.Run("--version").MustSucceed().Output).Value;
        Match block = TableBlock().Match(document);
        Assert.True(block.Success, $"{DocumentPath} has no block <!-- malformed -->.");

        // Another version of the peer words its errors in another way; ours are compared with any. How long it takes
        // is measured only when the table is made.
        bool samePeer = block.Groups["head"].Value.Contains($"qemu-img {version}", StringComparison.Ordinal);
        Dictionary<string, string> recorded = Row().Matches(block.Value)
            .ToDictionary(row => row.Groups["name"].Value, row => row.Groups["peer"].Value);
        var rows = new ConcurrentDictionary<int, string>();
        Parallel.For(0, MalformedImages.All.Count, i =>
        {
            (string name, MalformedImageWriter write) = MalformedImages.All[i];
            string? known = recorded.GetValueOrDefault(name);
            bool keep = known is not null && !Snapshot.IsUpdating && (!samePeer || known == Busy);
            string peer = keep ? known! : OutcomeOfPeer(write);
            rows[i] = $"| {name} | {Outcome(write)} | {peer} |";
        });

        string head = samePeer || Snapshot.IsUpdating
            ? $"| image | this library | qemu-img {version} |\n|---|---|---|\n"
            : block.Groups["head"].Value;
        string table = head + string.Join('\n', rows.OrderBy(row => row.Key).Select(row => row.Value)) + '\n';
        Snapshot.Matches(DocumentPath, TableBlock().Replace(document, _ => $"<!-- malformed -->\n{table}<!-- end -->"));
    }

    [Fact]
    public void EveryTestThatIsNamedExists()
    {
        string document = RepositoryFiles.Read(DocumentPath);
        string[] named = [.. TestName().Matches(document).Select(name => name.Value.Trim('`'))];
        Assert.NotEmpty(named);
        HashSet<string> tests =
        [
            .. typeof(SafetyDocumentTests).Assembly.GetTypes()
                .SelectMany(type => type.GetMethods().Select(method => $"{type.Name}.{method.Name}")),
        ];
        Assert.Equal([], named.Except(tests));
    }

    static string Outcome(MalformedImageWriter write)
    {
        using var folder = new TempFolder();
        string path = write(folder);
        long before = GC.GetAllocatedBytesForCurrentThread();
        string outcome;
        try
        {
            using VmdkDisk disk = VmdkDisk.Open(path);
            ReadStored(disk);
            outcome = "reads it";
        }
        catch (VmdkException refusal)
        {
            outcome = $"`{refusal.Code}`: {Cell(Problem(refusal), path, folder)}";
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocatedBytes);
        return outcome;
    }

    // Found and wanted are left out: the message has them, a table has no room.
    static string Problem(VmdkException refusal)
    {
        string problem = Details().Replace(refusal.Message, "");
        string? place = refusal.OffsetBytes is { } offset ? $"at byte {offset}" : null;
        string where = string.Join(" ", new[] { refusal.Field, place }.Where(part => part is not null));
        return where.Length == 0 ? problem : $"{problem} ({where})";
    }

    static void ReadStored(VmdkDisk disk)
    {
        byte[] buffer = new byte[ChunkBytes];
        long budgetBytes = MaxReadBytes;
        foreach (VmdkRun run in disk.Map().TakeWhile(_ => budgetBytes > 0))
        {
            bool stored = run.Kind is VmdkRunKind.Data or VmdkRunKind.Compressed;
            for (long done = 0; stored && done < run.LengthBytes && budgetBytes > 0; done += buffer.Length)
            {
                budgetBytes -= disk.Read(
                    buffer.AsSpan(0, (int)Math.Min(buffer.Length, run.LengthBytes - done)), run.OffsetBytes + done);
            }
        }
    }

    // Comparing an image with itself opens it and reads what it stores, without a target.
    static string OutcomeOfPeer(MalformedImageWriter write)
    {
        using var folder = new TempFolder();
        string path = write(folder);
        PeerResult result = Peers.Run(
            "timeout", $"{BusySeconds}", "qemu-img", "compare", "-f", "vmdk", "-F", "vmdk", path, path);
        return result.ExitCode switch
        {
            0 => "reads it",
            124 => Busy,
            > 124 => "is ended by a signal",
            _ => Cell(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "fails",
                path, folder),
        };
    }

    static string Cell(string text, string path, TempFolder folder)
    {
        var cell = new StringBuilder(text.Trim());
        cell.Replace("qemu-img: ", "").Replace(path, "disk.vmdk").Replace("Could not open 'disk.vmdk': ", "");
        cell.Replace(Path.Combine(folder.Path, "images"), "…").Replace(folder.Path, "…").Replace("|", "\\|");
        if (cell.ToString().StartsWith("disk.vmdk: ", StringComparison.Ordinal))
        {
            cell.Remove(0, "disk.vmdk: ".Length);
        }

        string shown = LongRun().Replace(cell.ToString(), run => run.Value[..8] + "…");
        return shown.Length == 0 ? "fails" : shown;
    }

    [GeneratedRegex(@"<!-- malformed -->\n(?<head>(\|.*\n){0,2})[\s\S]*?<!-- end -->")]
    private static partial Regex TableBlock();

    [GeneratedRegex(@"^\| (?<name>[^|]+) \| (?:.*?) \| (?<peer>.*) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    // The message ends with place, field, found and wanted, as far as they are known.
    [GeneratedRegex(@" \((at byte \d|field |found |wanted )[\s\S]*\)$")]
    private static partial Regex Details();

    [GeneratedRegex(@"\d+\.\d+")]
    private static partial Regex Version();

    [GeneratedRegex(@"`\w+Tests\.\w+`")]
    private static partial Regex TestName();

    // A name of thousands of bytes says no more than its start.
    [GeneratedRegex(@"(\w)\1{40,}")]
    private static partial Regex LongRun();
}
