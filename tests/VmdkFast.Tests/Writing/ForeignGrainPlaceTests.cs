using System.Buffers.Binary;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>Grains that another program placed where we never would.</summary>
public sealed class ForeignGrainPlaceTests
{
    const int GrainBytes = 1 << 16;
    const int SectorBytes = 512;

    [Fact]
    public async Task ANewGrainDoesNotOverlapAMisalignedOneThatTheFileCutsShort()
    {
        using var folder = new TempFolder();
        string path = Path.Combine(folder.Path, "disk.vmdk");
        await VmdkDisk.CreateAsync(
            path, new VmdkCreateOptions { LengthBytes = 4 * GrainBytes }, TestContext.Current.CancellationToken);
        Writable.Change(path, disk => disk.Write(Writable.Filled(GrainBytes, 1), 0));
        MoveFirstGrain(path, bySectors: 2, keptBytes: 10 * SectorBytes);
        byte[] before = Read(path);

        Writable.Change(path, disk => disk.Write(Writable.Filled(GrainBytes, 2), GrainBytes));

        Assert.Equal(before, Read(path));
    }

    static byte[] Read(string path)
    {
        using VmdkDisk disk = VmdkDisk.Open(path);
        return Writable.Read(disk, 0, GrainBytes);
    }

    // In both copies of the table; the file ends inside the grain.
    static void MoveFirstGrain(string path, uint bySectors, int keptBytes)
    {
        byte[] file = File.ReadAllBytes(path);
        uint sector = 0;
        foreach (int directoryField in new[] { 48, 56 })
        {
            int directory = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(directoryField)) * SectorBytes;
            int table = (int)BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(directory)) * SectorBytes;
            sector = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(table));
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(table), sector + bySectors);
        }

        int start = (int)(sector + bySectors) * SectorBytes;
        byte[] moved = new byte[start + keptBytes];
        file.AsSpan(0, start).CopyTo(moved);
        file.AsSpan((int)sector * SectorBytes, keptBytes).CopyTo(moved.AsSpan(start));
        File.WriteAllBytes(path, moved);
    }
}
