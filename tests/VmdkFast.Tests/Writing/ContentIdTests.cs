using System.Text;
using System.Text.RegularExpressions;
using VmdkFast.Tests.Support;
using Xunit;
using DescriptorText = VmdkFast.Tests.Support.DescriptorText;

namespace VmdkFast.Tests.Writing;

/// <summary>The descriptor of a written image: a new content ID with the first write, and nothing else.</summary>
public sealed partial class ContentIdTests
{
    const long LengthBytes = 1 << 20;

    public static TheoryData<WritableKind> Kinds => WritableKinds.All;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AnImageThatIsNotWrittenStaysAsItIs(WritableKind kind)
    {
        using var folder = new TempFolder();
        (string path, _) = WritableKinds.Write(kind, folder.Path, seed: 3);
        Dictionary<string, byte[]> before = Writable.Files(folder.Path);
        using (VmdkDisk disk = Writable.Open(path))
        {
            Writable.Read(disk, 0, 1 << 20);
            disk.Flush();
            disk.Write([], 100);
            disk.WriteZeroes(0, 0);
            disk.Discard(disk.Length, 0);
            using Stream stream = disk.OpenStream();
            stream.Flush();
        }

        foreach ((string name, byte[] bytes) in before)
        {
            Assert.Equal(bytes, File.ReadAllBytes(name));
        }

        Assert.Equal(before.Count, Directory.GetFiles(folder.Path).Length);
    }

    [Theory]
    [InlineData(ImageKind.MonolithicSparse)]
    [InlineData(ImageKind.MonolithicFlat)]
    [InlineData(ImageKind.Cowd)]
    [InlineData(ImageKind.SplitSparse)]
    public void TheContentIdChangesOnceInEveryOpenThatWrites(ImageKind kind)
    {
        using var folder = new TempFolder();
        string path = ImageKinds.Write(kind, folder.Path, GuestContent.Scattered(LengthBytes, seed: 1));
        HashSet<uint> seen = [DescriptorText.ReadCid(path)];
        for (int open = 0; open < 3; open++)
        {
            using VmdkDisk disk = Writable.OpenFast(path);
            disk.Write([1], 0);
            uint first = DescriptorText.ReadCid(path);
            Assert.True(seen.Add(first), "An open that wrote did not change the content ID.");
            disk.Write([2], 4000);
            disk.Flush();
            disk.WriteZeroes(70_000, 70_000);
            Assert.Equal(first, DescriptorText.ReadCid(path));
        }
    }

    [Fact]
    public void TheContentIdIsDurableBeforeAnyOtherByteChanges()
    {
        using var folder = new TempFolder();
        string path = FlatImage.Write(folder.Path, "disk", new GuestContent(LengthBytes));
        List<string> calls = [];
        using VmdkDisk disk = VmdkDisk.Open(path, Writable.Options, file => new CallLog(file, calls));

        disk.Write([1], 0);

        string name = Path.GetFileName(path);
        int barrier = calls.IndexOf($"barrier {name}");
        Assert.True(barrier > 0, string.Join(", ", calls));
        Assert.All(calls[..barrier], call => Assert.Equal($"write {name}", call));
        Assert.Contains("write disk-flat.vmdk", calls[barrier..]);
    }

    [Fact]
    public void TheContentIdHasEightDigitsAndIsNeverReserved()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(folder.Path, "disk", new GuestContent(LengthBytes));
        for (int open = 0; open < 64; open++)
        {
            Writable.Change(path, disk => disk.Write([1], 0));
            Match line = CidLine().Match(Encoding.Latin1.GetString(Patch.ReadBytes(path, 512, 20 * 512)));
            Assert.True(line.Success);
            Assert.False(line.Groups[1].Value is "ffffffff" or "fffffffe");
        }
    }

    [Fact]
    public void AContentIdWithoutItsLeadingZerosGetsEightDigits()
    {
        using var folder = new TempFolder();
        string path = FlatImage.Write(folder.Path, "disk", new GuestContent(LengthBytes));
        string before = File.ReadAllText(path);
        string short7 = before.Replace($"CID={DescriptorText.ReadCid(path):x8}", "CID=7", StringComparison.Ordinal);
        Assert.NotEqual(before, short7);
        File.WriteAllText(path, short7);

        Writable.Change(path, disk => disk.Write([1], 0));

        string after = File.ReadAllText(path);
        Assert.Matches(CidLine(), after);
        Assert.Equal(before.Length, after.Length);
        Assert.Equal(CidLine().Replace(before, "CID="), CidLine().Replace(after, "CID="));
    }

    [Fact]
    public void TheEndOfTheLongContentIdFollows()
    {
        using var folder = new TempFolder();
        var text = new DescriptorText
        {
            DatabaseLines = ["ddb.longContentID = \"0123456789abcdef0123456789abcdef\"", "ddb.adapterType = \"ide\""],
        };
        string path = FlatImage.Write(folder.Path, "disk", new GuestContent(LengthBytes), descriptor: text);

        Writable.Change(path, disk => disk.Write([1], 0));

        string expected = $"ddb.longContentID = \"0123456789abcdef01234567{DescriptorText.ReadCid(path):x8}\"";
        Assert.Contains(expected, File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\n", true)]
    [InlineData("\r\n", true)]
    [InlineData("\r\n", false)]
    public void AllElseInALargeDescriptorStays(string newLine, bool endsWithNewLine)
    {
        using var folder = new TempFolder();
        var text = new DescriptorText
        {
            NewLine = newLine,
            EndsWithNewLine = endsWithNewLine,
            TrailingBlanks = " ",
            LinesBeforeVersion = ["# CID=00000000 in a comment"],
            HeaderLines =
            [
                "parentCIDs=deadbeef", "someFutureKey=\"ä\"",
                .. Enumerable.Range(0, 700).Select(i => $"# a comment of no meaning, number {i}"),
            ],
        };
        string path = FlatImage.Write(folder.Path, "disk", new GuestContent(LengthBytes), descriptor: text);
        byte[] before = File.ReadAllBytes(path);
        uint oldId = DescriptorText.ReadCid(path);
        Assert.True(before.Length > 20_000);

        Writable.Change(path, disk => disk.Write([1], 0));

        uint newId = DescriptorText.ReadCid(path);
        Assert.NotEqual(oldId, newId);
        string expected = Encoding.Latin1.GetString(before).Replace(
            $"{newLine}CID={oldId:x8}", $"{newLine}CID={newId:x8}", StringComparison.Ordinal);
        Assert.Equal(expected, Encoding.Latin1.GetString(File.ReadAllBytes(path)));
        var content = new GuestContent(LengthBytes);
        content.Write(0, [1]);
        Writable.QemuReads(content, path);
    }

    [Fact]
    public void AChildIsRefusedOnceItsParentWasWritten()
    {
        using var folder = new TempFolder();
        var below = GuestContent.Scattered(LengthBytes, seed: 8);
        string parent = FlatImage.Write(folder.Path, "parent", below);
        string child = Chain.WriteChild(ChildKind.MonolithicSparse, folder.Path, "child", below, parent, below);

        Writable.Change(parent, disk => disk.Write([1], 0));

        Assert.Equal(
            VmdkErrorCode.ParentMismatch, Assert.Throws<VmdkException>(() => VmdkDisk.Open(child).Dispose()).Code);
    }

    [GeneratedRegex("^CID=([0-9a-f]{8})$", RegexOptions.Multiline)]
    private static partial Regex CidLine();
}
