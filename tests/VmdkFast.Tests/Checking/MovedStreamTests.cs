using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>
/// Exported streams in which sectors are missing, or too many, or overwritten: a repair gives each grain back, or says
/// that it is lost, and never makes zeros of it in silence.
/// </summary>
public sealed class MovedStreamTests : IDisposable
{
    const int GrainBytes = 4096;
    const int LengthBytes = (9 << 20) + 1536;
    const int TailBytes = 1536;

    readonly TempFolder _folder = new();
    byte[] _good = [];

    public void Dispose() => _folder.Dispose();

    public enum Run
    {
        Missing,
        Zeros,
        Noise,
        NoiseBetween,
        ZerosBetween,
        Twice,
        Elsewhere,
    }

    public static TheoryData<Run, bool> Runs()
    {
        var runs = new TheoryData<Run, bool>();
        foreach (Run run in Enum.GetValues<Run>())
        {
            runs.Add(run, false);
            runs.Add(run, true);
        }

        return runs;
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void NoGrainBecomesZerosInSilence(Run run, bool isDense)
    {
        GuestContent content = isDense ? Dense() : Sparse();
        string path = Export(content);
        for (int seed = 0; seed < 3; seed++)
        {
            byte[] damaged = Damage(run, new SplitMix(((ulong)(seed + 1) * 7919) + (ulong)run));
            foreach (bool dropsLost in new[] { false, true })
            {
                File.WriteAllBytes(path, damaged);
                byte[]?[]? before = Read(path);
                VmdkRepairResult result = Repaired.Apply(path, new VmdkRepairOptions
                {
                    DropLost = dropsLost,
                    Check = new VmdkCheckOptions { Deep = true, Threads = 1 },
                });
                byte[]?[]? after = Read(path);
                Require(content, before, after, result, $"{run}, seed {seed}, dropping {dropsLost}");
                if (dropsLost && run is Run.Missing or Run.NoiseBetween or Run.ZerosBetween)
                {
                    RequireWhole(damaged, after!);
                }
            }
        }
    }

    // The directory's place is now its marker's; that of the last table was written over with a marker once.
    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    [InlineData(500)]
    public void AStreamWithOneSectorTooManyIsMadeFromItsMarkers(int grain)
    {
        GuestContent content = Dense();
        string path = Export(content);
        int at = Overhead() + grain;
        File.WriteAllBytes(path, [.. _good[..((at + 1) * 512)], .. _good[(at * 512)..]]);

        VmdkRepairResult result = Repaired.Apply(path);

        Assert.Empty(result.Lost);
        Assert.All(result.Changes, change => Assert.DoesNotContain(
            "the marker of", change.Reason, StringComparison.Ordinal));
        Assert.Equal(0, result.After!.Corruptions);
        DiskAssert.Holds(content, path);
        Assert.Equal(0, QemuImg.Check(path).ExitCode);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(7, 5)]
    [InlineData(510, 9)]
    public void AGrainThatIsMissingInAStreamStaysAnErrorUntilItIsGivenUp(int grain, int count)
    {
        GuestContent content = Dense();
        string path = Export(content);
        int at = (Overhead() + grain) * 512;
        File.WriteAllBytes(path, [.. _good[..at], .. _good[(at + (count * 512))..]]);

        // Nine sectors from 510 on are two grains, a table of four with its marker, and two grains behind it.
        int[] missing = grain == 510 ? [510, 511, 512, 513] : [.. Enumerable.Range(grain, count)];
        VmdkRepairResult kept = Repaired.Apply(path);
        if (kept.Changes.Count > 0)
        {
            byte[]?[]? after = Read(path);
            Assert.All(missing, index => Assert.Null(after![index]));
        }

        Assert.Contains(VmdkRepairRemedy.DropLost, kept.Remedies);
        Assert.True(kept.After!.Corruptions > 0);
        VmdkRepairResult result = Repaired.Apply(path, new VmdkRepairOptions { DropLost = true });
        Assert.All(missing, index => Assert.Contains(result.Lost, lost => Covers(lost, index)));
        Assert.Equal(0, result.After!.Corruptions);
        content.Fill(
            (long)missing[0] * GrainBytes, missing.Length * GrainBytes, ContentPattern.Zeros);
        DiskAssert.Holds(content, path);
    }

    [Fact]
    public void TheDirectorysPlaceIsTakenFromItsMarker()
    {
        string path = Export(Sparse());
        long field = _good.Length - 1024 + 56;
        for (int bit = 0; bit < 40; bit += 3)
        {
            Patch.WriteUInt64(path, field, BitConverter.ToUInt64(_good, (int)field) ^ (1ul << bit));
            Repaired.Apply(path);
            Assert.True(_good.AsSpan().SequenceEqual(File.ReadAllBytes(path)), $"bit {bit}");
        }
    }

    static void Require(
        GuestContent content, byte[]?[]? before, byte[]?[]? after, VmdkRepairResult result, string where)
    {
        Assert.True(result.After!.Corruptions <= result.Before.Corruptions, where);
        Assert.True(after is not null || (before is null && result.After.Corruptions > 0), where);
        for (int grain = 0; grain < after?.Length; grain++)
        {
            byte[] original = OriginalOf(content, grain);
            bool wasRight = before?[grain] is { } was && was.AsSpan().SequenceEqual(original);
            bool isSound = result.After.Corruptions == 0;
            if (after[grain] is not { } now)
            {
                Assert.False(isSound || wasRight, $"{where}: grain {grain} is refused");
            }
            else if (!now.AsSpan().SequenceEqual(original))
            {
                bool isGivenUp = result.Lost.Any(lost => Covers(lost, grain))
                    && !now.AsSpan().ContainsAnyExcept((byte)0);
                bool isAsBefore = before?[grain] is { } old && old.AsSpan().SequenceEqual(now);
                Assert.True(isGivenUp || (isAsBefore && !isSound), $"{where}: grain {grain} is another's or zeros");
            }
        }
    }

    // What is whole in the damaged file is read.
    void RequireWhole(byte[] damaged, byte[]?[] after)
    {
        int directory = (int)BitConverter.ToUInt64(_good, _good.Length - 1024 + 56) * 512;
        for (int grain = 0; grain < after.Length; grain++)
        {
            int table = (int)BitConverter.ToUInt32(_good, directory + (grain / 512 * 4)) * 512;
            int start = table == 0 ? 0 : (int)BitConverter.ToUInt32(_good, table + (grain % 512 * 4)) * 512;
            if (start > 0)
            {
                int end = start + ((12 + BitConverter.ToInt32(_good, start + 8) + 511) & ~511);
                Assert.True(
                    damaged.AsSpan().IndexOf(_good.AsSpan(start, end - start)) < 0
                    || after[grain]?.AsSpan().ContainsAnyExcept((byte)0) == true, $"grain {grain}");
            }
        }
    }

    // A run of sectors behind the header's overhead, and before the footer.
    byte[] Damage(Run run, SplitMix random)
    {
        int first = Overhead();
        int end = (_good.Length / 512) - 3;
        int length = 1 + (int)random.NextBelow(random.NextBelow(3) == 0 ? 200 : 12);
        int start = first + (int)random.NextBelow(end - first - Math.Min(length, end - first - 1));
        int rear = Math.Min(end, start + length);
        byte[] piece = _good[(start * 512)..(rear * 512)];
        byte[] noise = new byte[piece.Length];
        for (int i = 0; i < noise.Length; i++)
        {
            noise[i] = (byte)random.NextBelow(256);
        }

        int other = first + (int)random.NextBelow(end - first);
        byte[] before = _good[..(start * 512)];
        byte[] from = _good[(start * 512)..];
        byte[] behind = _good[(rear * 512)..];
        return run switch
        {
            Run.Missing => [.. before, .. behind],
            Run.Zeros => [.. before, .. new byte[piece.Length], .. behind],
            Run.Noise => [.. before, .. noise, .. behind],
            Run.NoiseBetween => [.. before, .. noise, .. from],
            Run.ZerosBetween => [.. before, .. new byte[piece.Length], .. from],
            Run.Twice => [.. before, .. piece, .. from],
            _ => [.. _good[..(other * 512)], .. piece, .. _good[(other * 512)..]],
        };
    }

    static bool Covers(VmdkLostRange lost, int grain) => lost.OffsetBytes <= (long)grain * GrainBytes
        && (long)grain * GrainBytes < lost.OffsetBytes + lost.LengthBytes;

    static byte[] OriginalOf(GuestContent content, int grain) =>
        content.Read((long)grain * GrainBytes, (int)Math.Min(GrainBytes, LengthBytes - ((long)grain * GrainBytes)));

    int Overhead() => (int)BitConverter.ToUInt64(_good, 64);

    string Export(GuestContent content)
    {
        string path = StreamImage.Write(
            _folder.Path, "disk", content, new StreamOptions { Layout = StreamLayout.Export, GrainSectors = 8 });
        _good = File.ReadAllBytes(path);
        return path;
    }

    // Some grains in each of five tables, short and long ones.
    static GuestContent Sparse()
    {
        var content = new GuestContent(LengthBytes);
        var random = new SplitMix(77);
        for (int i = 0; i < 60; i++)
        {
            long grain = random.NextBelow(LengthBytes / GrainBytes);
            content.Fill(grain * GrainBytes, GrainBytes, i % 3 == 0 ? ContentPattern.Random : ContentPattern.Stamp, i);
        }

        return content.Fill(LengthBytes - TailBytes, TailBytes, ContentPattern.Stamp, 5);
    }

    // All grains of two tables and a half, each one sector long, so that all look alike.
    static GuestContent Dense() => new GuestContent(LengthBytes).Fill(0, 5 << 20, ContentPattern.Stamp, 1);

    static byte[]?[]? Read(string path)
    {
        try
        {
            using VmdkDisk disk = VmdkDisk.Open(path);
            var grains = new byte[]?[(disk.Length + GrainBytes - 1) / GrainBytes];
            for (int i = 0; i < grains.Length; i++)
            {
                byte[] grain = new byte[Math.Min(GrainBytes, disk.Length - ((long)i * GrainBytes))];
                try
                {
                    disk.Read(grain, (long)i * GrainBytes);
                    grains[i] = grain;
                }
                catch (VmdkException)
                {
                }
            }

            return grains;
        }
        catch (VmdkException)
        {
            return null;
        }
    }
}
