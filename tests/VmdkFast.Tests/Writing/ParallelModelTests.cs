using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>Four writers at once, and one that flushes: each byte is judged by who wrote it last.</summary>
public sealed class ParallelModelTests
{
    const int Writers = 4;
    const int Operations = 400;
    const int MaxLengthBytes = 40_000;

    // Not a multiple of anything: neighbours of different owners share grains, and sectors.
    const int StripeBytes = 23_999;

    public static TheoryData<WritableKind> Kinds => WritableKinds.All;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void WritersOfDifferentBytesDoNotDisturbEachOther(WritableKind kind)
    {
        ulong seed = Seed.Draw();
        using var folder = new TempFolder();
        (string path, GuestContent content) = WritableKinds.Write(kind, folder.Path, seed: 2);
        byte[] expected = content.Read(0, (int)content.LengthBytes);
        using (VmdkDisk disk = Writable.OpenFast(path, Writable.Smallest))
        {
            RunWithFlusher(disk, writer => WriteOwn(disk, expected, writer, new SplitMix(seed + (ulong)writer)));
            Same(expected, disk);
        }

        using VmdkDisk again = VmdkDisk.Open(path);
        Same(expected, again);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void EachByteIsAsOneOfItsLastWritersLeftIt(WritableKind kind)
    {
        ulong seed = Seed.Draw();
        using var folder = new TempFolder();
        (string path, GuestContent content) = WritableKinds.Write(kind, folder.Path, seed: 3);
        byte[] before = content.Read(0, (int)content.LengthBytes);
        var lasts = new short[Writers][];
        byte[] held;
        using (VmdkDisk disk = Writable.OpenFast(path))
        {
            RunWithFlusher(disk, writer => lasts[writer] = WriteAnything(disk, new SplitMix(seed + (ulong)writer)));
            held = Writable.Read(disk, 0, before.Length);
        }

        for (int i = 0; i < held.Length; i++)
        {
            if (!IsAnyOf(held[i], before[i], lasts, i))
            {
                Assert.Fail($"Byte {i} holds {held[i]}, which none of its last writers left there.");
            }
        }

        using VmdkDisk again = VmdkDisk.Open(path);
        Same(held, again);
    }

    static void RunWithFlusher(VmdkDisk disk, Action<int> write)
    {
        bool done = false;
        Actor flusher = Actor.Start(() =>
        {
            while (!Volatile.Read(ref done))
            {
                disk.Flush();
                Thread.Yield();
            }
        });
        Exception?[] failures = [.. Actor.StartMany(Writers, write).Select(actor => actor.Join())];
        Volatile.Write(ref done, true);
        Actor.JoinAll(flusher);
        Assert.All(failures, failure => Assert.True(failure is null, failure?.ToString()));
    }

    static void WriteOwn(VmdkDisk disk, byte[] expected, int writer, SplitMix random)
    {
        byte[] bytes = new byte[StripeBytes];
        int stripes = (expected.Length + StripeBytes - 1) / StripeBytes;
        for (int operation = 0; operation < Operations; operation++)
        {
            int stripe = ((int)random.NextBelow((stripes / Writers) + 1) * Writers) + writer;
            int start = stripe * StripeBytes;
            int end = Math.Min(start + StripeBytes, expected.Length);
            if (start >= end)
            {
                continue;
            }

            int offset = start + (int)random.NextBelow(end - start);
            Span<byte> own = bytes.AsSpan(0, 1 + (int)random.NextBelow(end - offset));
            Span<byte> model = expected.AsSpan(offset, own.Length);
            ChangeOwn(disk, own, model, offset, random);
            Assert.Equal(own.Length, disk.Read(own, offset));
            Assert.True(own.SequenceEqual(model), $"Writer {writer} does not find at {offset} what it wrote.");
        }
    }

    static void ChangeOwn(VmdkDisk disk, Span<byte> own, Span<byte> model, int offset, SplitMix random)
    {
        switch (random.NextBelow(8))
        {
            case 0:
                disk.WriteZeroes(offset, own.Length);
                model.Clear();
                break;
            case 1:
                disk.Discard(offset, own.Length);
                Assert.Equal(own.Length, disk.Read(own, offset));
                for (int i = 0; i < own.Length; i++)
                {
                    Assert.True(own[i] == 0 || own[i] == model[i], $"Byte {offset + i} is neither zero nor as before.");
                }

                own.CopyTo(model);
                break;
            default:
                own.Fill((byte)random.Next());
                disk.Write(own, offset);
                own.CopyTo(model);
                break;
        }
    }

    // What this writer left in each byte, or -1.
    static short[] WriteAnything(VmdkDisk disk, SplitMix random)
    {
        var last = new short[disk.Length];
        last.AsSpan().Fill(-1);
        byte[] bytes = new byte[MaxLengthBytes];
        for (int operation = 0; operation < Operations; operation++)
        {
            // Close together, so that they meet.
            int offset = (int)random.NextBelow(disk.Length / 3);
            int length = 1 + (int)random.NextBelow(MaxLengthBytes);
            byte value = random.NextBelow(4) == 0 ? (byte)0 : (byte)random.Next();
            if (value == 0)
            {
                disk.WriteZeroes(offset, length);
            }
            else
            {
                bytes.AsSpan(0, length).Fill(value);
                disk.Write(bytes.AsSpan(0, length), offset);
            }

            last.AsSpan(offset, length).Fill(value);
        }

        return last;
    }

    static bool IsAnyOf(byte held, byte before, short[][] lasts, int index)
    {
        bool isUntouched = true;
        foreach (short[] last in lasts)
        {
            if (last[index] == held)
            {
                return true;
            }

            isUntouched &= last[index] < 0;
        }

        return isUntouched && held == before;
    }

    static void Same(byte[] expected, VmdkDisk disk)
    {
        byte[] actual = Writable.Read(disk, 0, expected.Length);
        int same = actual.AsSpan().CommonPrefixLength(expected);
        Assert.True(same == expected.Length, $"The disk differs at byte {same}.");
    }
}
