using System.IO.Hashing;
using Xunit;

namespace VmdkFast.Tests.Support;

/// <summary>Compares a disk with the content that it was made from.</summary>
static class DiskAssert
{
    const int ChunkBytes = 1 << 20;

    /// <summary>Opens an image and compares every byte of its disk.</summary>
    internal static void Holds(GuestContent content, string path, VmdkOpenOptions? options = null)
    {
        using var disk = VmdkDisk.Open(path, options);
        Holds(content, disk);
    }

    /// <summary>Compares every byte, read in chunks. For disks that fit a test's time.</summary>
    internal static void Holds(GuestContent content, VmdkDisk disk)
    {
        Assert.Equal(content.LengthBytes, disk.Length);
        var hash = new XxHash128();
        byte[] chunk = new byte[ChunkBytes];
        for (long offset = 0; offset < disk.Length; offset += ChunkBytes)
        {
            int read = disk.Read(chunk, offset);
            Assert.Equal(Math.Min(ChunkBytes, disk.Length - offset), read);
            SameBytes(content, offset, chunk.AsSpan(0, read));
            hash.Append(chunk.AsSpan(0, read));
        }

        Assert.Equal(content.Hash(), hash.GetCurrentHashAsUInt128());
    }

    /// <summary>
    /// Compares a disk too long to be read whole: all that its map calls stored is read, all that it calls empty must
    /// be empty, and both sides of every border are read.
    /// </summary>
    internal static void HoldsByMap(GuestContent content, VmdkDisk disk)
    {
        Assert.Equal(content.LengthBytes, disk.Length);
        long at = 0;
        byte[] chunk = new byte[ChunkBytes];
        foreach (VmdkRun run in disk.Map(TestContext.Current.CancellationToken))
        {
            Assert.Equal(at, run.OffsetBytes);
            Assert.True(run.LengthBytes > 0);
            long end = run.OffsetBytes + run.LengthBytes;
            if (run.Kind is VmdkRunKind.Data or VmdkRunKind.Compressed)
            {
                SameRange(content, disk, at, end, chunk);
            }
            else
            {
                IsEmpty(content, at, end);
            }

            SameRange(content, disk, Math.Max(0, at - 512), Math.Min(disk.Length, at + 512), chunk);
            at = end;
        }

        Assert.Equal(disk.Length, at);
    }

    /// <summary>Fails with the first byte that differs.</summary>
    internal static void SameBytes(GuestContent content, long offsetBytes, ReadOnlySpan<byte> actual)
    {
        long difference = content.FirstDifference(offsetBytes, actual);
        Assert.True(difference < 0, $"The disk differs from its content at byte {difference}.");
    }

    static void SameRange(GuestContent content, VmdkDisk disk, long startBytes, long endBytes, byte[] chunk)
    {
        for (long offset = startBytes; offset < endBytes; offset += ChunkBytes)
        {
            Span<byte> part = chunk.AsSpan(0, (int)Math.Min(ChunkBytes, endBytes - offset));
            Assert.Equal(part.Length, disk.Read(part, offset));
            SameBytes(content, offset, part);
        }
    }

    static void IsEmpty(GuestContent content, long startBytes, long endBytes)
    {
        foreach (GuestRange range in content.WrittenRanges)
        {
            long start = Math.Max(range.OffsetBytes, startBytes);
            long end = Math.Min(range.EndBytes, endBytes);
            if (start < end)
            {
                byte[] expected = content.Read(start, checked((int)(end - start)));
                int stored = expected.AsSpan().IndexOfAnyExcept((byte)0);
                Assert.True(stored < 0, $"The map calls byte {start + stored} empty, which holds data.");
            }
        }
    }
}
