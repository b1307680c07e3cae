using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>
/// One field of a header with one wrong value, and every repair that can be asked for, one after the other: when the
/// header is set right by hand afterwards, the disk is what it was, but for what a repair has listed.
/// </summary>
public sealed class HeaderSweepTests
{
    const int GrainBytes = 8192;

    // Of 600 wrong values of each kind of file as many as take a few seconds; each kind begins with another one.
    const int Step = 41;

    public static TheoryData<ImageKind> Kinds =>
    [
        ImageKind.MonolithicSparse, ImageKind.SparseShuffled, ImageKind.SparseWithoutCopies, ImageKind.SplitSparse,
        ImageKind.Cowd, ImageKind.CowdOfLargeGrains, ImageKind.CowdShuffled, ImageKind.StreamLocal,
        ImageKind.StreamQemu,
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void NoWrongFieldCostsAnyContent(ImageKind kind)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(5 << 20, seed: 9, rangeCount: 10);
        string path = ImageKinds.Write(kind, folder.Path, content);
        string extent = kind switch
        {
            ImageKind.SplitSparse => folder["disk-s002.vmdk"],
            >= ImageKind.Cowd and <= ImageKind.CowdShuffled => folder["disk-delta.vmdk"],
            _ => path,
        };
        byte[] good = File.ReadAllBytes(extent);
        int number = (int)kind;
        bool isCowd = kind is >= ImageKind.Cowd and <= ImageKind.CowdShuffled;
        foreach ((int offset, int size) in isCowd ? s_cowdFields : s_hostedFields)
        {
            foreach (ulong value in Values(good, offset, size))
            {
                if (number++ % Step != 0)
                {
                    continue;
                }

                byte[] damaged = [.. good];
                BitConverter.GetBytes(value).AsSpan(0, size).CopyTo(damaged.AsSpan(offset));
                File.WriteAllBytes(extent, damaged);
                Judge(path, extent, good, content, $"{kind}: field at {offset} is 0x{value:x}");
            }
        }
    }

    static readonly (int Offset, int Size)[] s_hostedFields =
    [
        (0, 4), (4, 4), (8, 4), (12, 8), (20, 8), (28, 8), (36, 8), (44, 4), (48, 8), (56, 8), (64, 8), (72, 1),
        (73, 4), (77, 2),
    ];

    static readonly (int Offset, int Size)[] s_cowdFields =
        [(0, 4), (4, 4), (8, 4), (12, 4), (16, 4), (20, 4), (24, 4), (28, 4), (1648, 4)];

    static IEnumerable<ulong> Values(byte[] good, int offset, int size)
    {
        byte[] bytes = new byte[8];
        good.AsSpan(offset, size).CopyTo(bytes);
        ulong right = BitConverter.ToUInt64(bytes);
        ulong ones = size == 8 ? ulong.MaxValue : (1ul << (size * 8)) - 1;
        IEnumerable<ulong> all =
        [
            0, ones, right / 2, right * 2, right / 4, right * 4, right + 1, right - 1, right + 8,
            .. Enumerable.Range(0, size * 8).Select(bit => right ^ (1ul << bit)),
        ];
        return all.Select(value => value & ones).Where(value => value != right).Distinct();
    }

    static void Judge(string path, string extent, byte[] good, GuestContent content, string what)
    {
        var lost = new List<VmdkLostRange>();
        foreach (VmdkRepairOptions options in Ways)
        {
            try
            {
                VmdkRepairResult result = Repaired.Apply(path, options);
                lost.AddRange(result.Lost);
                if (result.JournalPath is { } journal)
                {
                    File.Delete(journal);
                }
            }
            catch (VmdkException refusal)
            {
                Assert.True(
                    refusal.Code is VmdkErrorCode.NotVmdk or VmdkErrorCode.Unsupported, $"{what}: {refusal.Message}");
            }
        }

        Patch.WriteBytes(extent, 0, good.AsSpan(0, 80));
        if (good.AsSpan(0, 4).SequenceEqual("COWD"u8))
        {
            Patch.WriteBytes(extent, 1648, good.AsSpan(1648, 4));
        }

        using var disk = VmdkDisk.Open(path);
        byte[] grain = new byte[GrainBytes];
        for (long at = 0; at < disk.Length; at += GrainBytes)
        {
            if (!lost.Exists(range => range.OffsetBytes <= at && at < range.OffsetBytes + range.LengthBytes))
            {
                Assert.True(
                    disk.Read(grain, at) == GrainBytes && content.FirstDifference(at, grain) < 0,
                    $"{what}: byte {at} of the disk");
            }
        }
    }

    static VmdkRepairOptions[] Ways =>
    [
        new(), new(), new() { Scope = VmdkRepairScope.Leaks }, new() { DropLost = true }, new() { DropLost = true },
    ];
}
