using System.Globalization;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>Images that the library and QEMU write in turn: each goes on where the other stopped.</summary>
public sealed class PeerTests
{
    const long LengthBytes = (5 << 20) + (3 * 512);
    const int Rounds = 3;

    public static TheoryData<VmdkDiskKind, bool> CreatedKinds => new()
    {
        { VmdkDiskKind.MonolithicSparse, false },
        { VmdkDiskKind.MonolithicSparse, true },
        { VmdkDiskKind.TwoGbMaxExtentSparse, false },
        { VmdkDiskKind.MonolithicFlat, false },
        { VmdkDiskKind.TwoGbMaxExtentFlat, false },
        { VmdkDiskKind.Vmfs, false },
        { VmdkDiskKind.VmfsSparse, false },
    };

    [Theory]
    [MemberData(nameof(CreatedKinds))]
    public async Task WeAndQemuWriteAnImageOfOursInTurn(VmdkDiskKind kind, bool zeroGrains)
    {
        using var folder = new TempFolder();
        string path = folder["disk.vmdk"];
        await VmdkDisk.CreateAsync(
            path,
            new VmdkCreateOptions { Kind = kind, LengthBytes = LengthBytes, ZeroGrains = zeroGrains, Sync = false },
            TestContext.Current.CancellationToken);

        WriteInTurn(path, new GuestContent(LengthBytes), Seed.Draw());
    }

    [Theory]
    [InlineData("subformat=monolithicSparse")]
    [InlineData("subformat=monolithicSparse,zeroed_grain=on")]
    [InlineData("subformat=twoGbMaxExtentSparse")]
    [InlineData("subformat=monolithicFlat")]
    [InlineData("subformat=twoGbMaxExtentFlat")]
    public void WeAndQemuWriteAnImageOfQemusInTurn(string options)
    {
        using var folder = new TempFolder();
        QemuImg.Create(folder["disk.vmdk"], LengthBytes, options);

        WriteInTurn(folder["disk.vmdk"], new GuestContent(LengthBytes), Seed.Draw());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("zeroed_grain=on")]
    public void WeAndQemuWriteAChildInTurn(string? options)
    {
        using var folder = new TempFolder();
        var below = GuestContent.Scattered(LengthBytes, seed: 5);
        string parent = SparseImage.Write(folder.Path, "parent", below);
        QemuImg.Create(folder["disk.vmdk"], LengthBytes, options, parent);

        WriteInTurn(folder["disk.vmdk"], below.Clone(), Seed.Draw());
        DiskAssert.Holds(below, parent);
    }

    [Theory]
    [InlineData(WritableKind.SparseOfSmallGrains)]
    [InlineData(WritableKind.SplitSparse)]
    [InlineData(WritableKind.Cowd)]
    [InlineData(WritableKind.CowdSplit)]
    [InlineData(WritableKind.EmptyCowd)]
    [InlineData(WritableKind.SplitFlat)]
    [InlineData(WritableKind.SmallGrainsOverChild)]
    public void WeAndQemuWriteForeignImagesInTurn(WritableKind kind)
    {
        using var folder = new TempFolder();
        (string path, GuestContent content) = WritableKinds.Write(kind, folder.Path, seed: 6);

        // libvmdk takes no grains as small as 4 KiB, although the format allows them.
        WriteInTurn(
            path, content, Seed.Draw(),
            isForLibvmdk: kind is not (WritableKind.SparseOfSmallGrains or WritableKind.SmallGrainsOverChild));
    }

    [Theory]
    [InlineData("subformat=streamOptimized")]
    [InlineData(null)]
    public async Task WeAndQemuAppendToAStreamInTurn(string? options)
    {
        const int GrainBytes = 1 << 16;
        using var folder = new TempFolder();
        string path = folder["disk.vmdk"];
        if (options is null)
        {
            await VmdkDisk.CreateAsync(
                path,
                new VmdkCreateOptions { Kind = VmdkDiskKind.StreamOptimized, LengthBytes = LengthBytes, Sync = false },
                TestContext.Current.CancellationToken);
        }
        else
        {
            QemuImg.Create(path, LengthBytes, options);
        }

        var content = new GuestContent(LengthBytes);
        for (int round = 0; round < Rounds; round++)
        {
            long ours = (20 - (round * 4)) * GrainBytes;
            content.Fill(ours, GrainBytes * 2, (ContentPattern)(1 + round), round);
            Writable.Change(path, disk => disk.Write(content.Read(ours, GrainBytes * 2), ours));
            Assert.Equal(0, new FileInfo(path).Length % 512);
            Writable.QemuAccepts(path);
            WriteByQemu(path, content, ours + (GrainBytes * 2), GrainBytes, (byte)(0x30 + round));
            DiskAssert.Holds(content, path);
        }

        Writable.QemuReads(content, path);
    }

    static void WriteInTurn(string path, GuestContent content, ulong seed, bool isForLibvmdk = true)
    {
        var random = new SplitMix(seed);
        for (int round = 0; round < Rounds; round++)
        {
            using (VmdkDisk disk = Writable.Open(path))
            {
                for (int i = 0; i < 12; i++)
                {
                    (long offset, int length) = NextRange(random, unit: 1);
                    content.Fill(offset, length, (ContentPattern)random.NextBelow(5), (round * 100) + i);
                    disk.Write(content.Read(offset, length), offset);
                }

                (long cleared, int clearedBytes) = NextRange(random, unit: 1);
                content.Fill(cleared, clearedBytes, ContentPattern.Zeros);
                disk.WriteZeroes(cleared, clearedBytes);
            }

            Writable.QemuAccepts(path);
            Writable.QemuReads(content, path);
            (long place, int bytes) = NextRange(random, unit: 512);
            WriteByQemu(path, content, place, bytes, (byte)(0x40 + round));
            DiskAssert.Holds(content, path);
        }

        if (isForLibvmdk)
        {
            Peers.Run("vmdkinfo", path).MustSucceed();
        }
    }

    static void WriteByQemu(string path, GuestContent content, long offset, int length, byte value)
    {
        string command = string.Create(CultureInfo.InvariantCulture, $"write -P {value} {offset} {length}");
        Peers.Run("qemu-io", "-f", "vmdk", "-c", command, path).MustSucceed();
        content.Write(offset, Writable.Filled(length, value));
    }

    // Within the shortest of the disks; ours at any byte, QEMU's on sectors.
    static (long OffsetBytes, int LengthBytes) NextRange(SplitMix random, int unit)
    {
        long units = WritableKinds.LengthBytes / unit;
        long first = random.NextBelow(units);
        long count = 1 + random.NextBelow((200 << 10) / unit);
        return (first * unit, (int)(Math.Min(count, units - first) * unit));
    }
}
