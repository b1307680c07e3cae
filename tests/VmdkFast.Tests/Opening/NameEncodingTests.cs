using System.Text;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>Names that are not ASCII, in every common encoding: written, read, found on disk, and kept.</summary>
public sealed class NameEncodingTests
{
    const long LengthBytes = 1 << 20;

    public static TheoryData<string, int, string> Encodings => new()
    {
        { "UTF-8", 65001, "磁盘-é-표" },
        { "windows-1252", 1252, "Größe-€" },
        { "GBK", 936, "磁盘-中文" },
        { "GB18030", 54936, "磁盘-é" },
        { "Shift_JIS", 932, "表-ディスク" },
        { "Big5", 950, "功-磁碟" },
        { "EUC-KR", 51949, "디스크" },
        { "windows-1251", 1251, "диск" },
    };

    // A copy to this machine spells names in UTF-8, a share or an archive may leave them as they were: both are found.
    [Theory]
    [MemberData(nameof(Encodings))]
    public void AnExtentIsFoundUnderBothSpellings(string name, int page, string fileName)
    {
        foreach (bool raw in (bool[])[false, true])
        {
            using var folder = new TempFolder();
            (string path, GuestContent content) = WriteFlat(folder, name, page, fileName);
            if (raw)
            {
                Shell(folder, "mv plain-flat.vmdk", EncodingOf(page).GetBytes(fileName));
            }
            else
            {
                File.Move(folder["plain-flat.vmdk"], folder[fileName]);
            }

            using (var disk = VmdkDisk.Open(path))
            {
                DiskAssert.Holds(content, disk);
                Assert.Equal(fileName, disk.Layers[0].Extents[0].FileName);
                Assert.Equal(name, disk.Layers[0].Descriptor!.Encoding);
            }

            Shell(folder, "rm", raw ? EncodingOf(page).GetBytes(fileName) : Encoding.UTF8.GetBytes(fileName));
        }
    }

    // "表" and "功" end in the backslash's byte: the path must not be cut there.
    [Theory]
    [InlineData("Shift_JIS", 932, "表.vmdk")]
    [InlineData("Big5", 950, "功能.vmdk")]
    public void AnAbsolutePathOfWindowsIsCutByCharacters(string name, int page, string fileName)
    {
        foreach (bool raw in (bool[])[false, true])
        {
            using var folder = new TempFolder();
            (string path, GuestContent content) = WriteFlat(folder, name, page, "C:\\vm\\表\\" + fileName);
            byte[] onDisk = raw ? EncodingOf(page).GetBytes(fileName) : Encoding.UTF8.GetBytes(fileName);
            Shell(folder, "mv plain-flat.vmdk", onDisk);
            DiskAssert.Holds(content, path);
            Shell(folder, "rm", onDisk);
        }
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task WhatIsCreatedReadsBack(string name, int page, string stem)
    {
        using var folder = new TempFolder();
        string path = folder[stem + ".vmdk"];
        await CreateAsync(path, new VmdkCreateOptions
        {
            Kind = VmdkDiskKind.TwoGbMaxExtentSparse,
            LengthBytes = LengthBytes,
            Encoding = name,
        });
        string text = EncodingOf(page).GetString(File.ReadAllBytes(path));
        Assert.Contains($"encoding=\"{name}\"\n", text, StringComparison.Ordinal);
        Assert.Contains($"\"{stem}-s001.vmdk\"", text, StringComparison.Ordinal);

        GuestContent content = new GuestContent(LengthBytes).Fill(0, 4096, ContentPattern.Stamp);
        using (var disk = VmdkDisk.Open(path, VmdkOpenOptions.Default with { Access = VmdkOpenAccess.ReadWrite }))
        {
            disk.Write(content.Read(0, 4096), 0);
        }

        // The first write changed the CID, and nothing else of the text.
        string written = EncodingOf(page).GetString(File.ReadAllBytes(path));
        Assert.NotEqual(text, written);
        Assert.Equal(WithoutIds(text), WithoutIds(written));
        DiskAssert.Holds(content, path);

        string child = folder["child.vmdk"];
        await CreateAsync(child, new VmdkCreateOptions { ParentPath = path, Encoding = name });
        using var opened = VmdkDisk.Open(child);
        Assert.Equal(stem + ".vmdk", opened.Layers[0].ParentFileNameHint);
        DiskAssert.Holds(content, opened);
    }

    [Theory]
    [InlineData("windows-1252", "磁盘")]
    [InlineData("windows-1252", "ā")]
    [InlineData("GBK", "😀")]
    [InlineData("Shift_JIS", "표")]
    public async Task ANameThatTheEncodingLacksIsRefused(string name, string stem)
    {
        using var folder = new TempFolder();
        string path = folder[stem + ".vmdk"];

        var refusal = await Assert.ThrowsAsync<ArgumentException>(() => CreateAsync(path, new VmdkCreateOptions
        {
            Kind = VmdkDiskKind.MonolithicFlat,
            LengthBytes = LengthBytes,
            Encoding = name,
        }));
        Assert.Contains(name, refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData("UTF-16")]
    [InlineData("klingon")]
    [InlineData("")]
    public async Task AnEncodingThatIsNotKnownIsNotWritten(string name)
    {
        using var folder = new TempFolder();
        await Assert.ThrowsAsync<ArgumentException>(() => CreateAsync(
            folder["disk.vmdk"], new VmdkCreateOptions { LengthBytes = LengthBytes, Encoding = name }));
    }

    static Task CreateAsync(string path, VmdkCreateOptions options) =>
        VmdkDisk.CreateAsync(path, options, TestContext.Current.CancellationToken);

    static (string Path, GuestContent Content) WriteFlat(TempFolder folder, string name, int page, string fileName)
    {
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: page);
        string path = FlatImage.Write(folder.Path, "plain", content, descriptor: new DescriptorText
        {
            EncodingName = name,
            TextEncoding = EncodingOf(page),
            ExtentLines = [$"RW {content.LengthSectors} FLAT \"{fileName}\" 0"],
        });
        return (path, content);
    }

    // .NET names, and deletes, files in UTF-8 only; the shell takes any bytes.
    static void Shell(TempFolder folder, string command, byte[] name)
    {
        string escaped = string.Concat(name.Select(b => $"\\{Convert.ToString(b, 8).PadLeft(3, '0')}"));
        Peer.RunOrFail("sh", "-c", $"cd '{folder.Path}' && {command} \"$(printf '{escaped}')\"");
    }

    static Encoding EncodingOf(int page) => page == 65001
        ? new UTF8Encoding(false)
        : CodePagesEncodingProvider.Instance.GetEncoding(page) ?? Encoding.GetEncoding(page);

    static string WithoutIds(string text) => string.Join(
        '\n', text.Split('\n').Where(line => !line.Contains("CID=", StringComparison.Ordinal)
            && !line.Contains("longContentID", StringComparison.Ordinal)));
}
