using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Durability;

/// <summary>More freed grains than are kept for reuse: the blocks of the rest go back to the file system.</summary>
public sealed class FreedSpaceTests : IDisposable
{
    const int GrainBytes = 1 << 20;
    const int Grains = 96;
    const int KeptGrains = 64;

    readonly ScratchFolder _folder = new();
    readonly byte[] _grain = new byte[GrainBytes];
    InterleavedFile? _file;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatIsNotKeptIsGivenBackAndTheRestIsUsedAgain()
    {
        string path = Fill();
        using (VmdkDisk disk = Open(path))
        {
            FreeAll(disk);
            disk.Write(_grain.AsSpan(0, Sector.Bytes), 0);
            Assert.InRange(_file!.AllocatedBytes, GrainBytes, (KeptGrains + 4L) * GrainBytes);
        }

        Assert.Empty(StructureAudit.Check(_folder.Path, Path.GetFileName(path)));
    }

    [Fact]
    public void AFailedPunchGivesNoGrainTwoOwners()
    {
        string path = Fill();
        using (VmdkDisk disk = Open(path))
        {
            FreeAll(disk);
            _file!.BeforePunch = _ => throw new VmdkException(VmdkErrorCode.InputOutput, path, "injected");
            Assert.Throws<VmdkException>(() => WriteGrain(disk, 0));
            for (int grain = 0; grain < Grains; grain++)
            {
                WriteGrain(disk, grain);
                if (grain == Grains / 3)
                {
                    // The next epoch: what was left over from the failed one would be given back again.
                    disk.WriteZeroes(0, GrainBytes);
                    disk.Flush();
                }
            }

            for (int grain = 1; grain < Grains; grain++)
            {
                disk.Read(_grain, grain * (long)GrainBytes);
                Assert.Equal(-1, _grain.AsSpan().IndexOfAnyExcept((byte)(grain + 1)));
            }
        }

        Assert.Empty(StructureAudit.Check(_folder.Path, Path.GetFileName(path)));
    }

    string Fill()
    {
        string path = SparseImage.Write(
            _folder.Path, "disk", new GuestContent(Grains * (long)GrainBytes),
            new SparseOptions { GrainSectors = GrainBytes / Sector.Bytes });
        using VmdkDisk disk = Open(path);
        for (int grain = 0; grain < Grains; grain++)
        {
            WriteGrain(disk, grain);
        }

        return path;
    }

    void WriteGrain(VmdkDisk disk, int grain)
    {
        _grain.AsSpan().Fill((byte)(grain + 1));
        disk.Write(_grain, grain * (long)GrainBytes);
    }

    // Durably, and so that no operation is left that entered before.
    static void FreeAll(VmdkDisk disk)
    {
        disk.WriteZeroes(0, disk.Length);
        disk.Flush();
    }

    VmdkDisk Open(string path) => VmdkDisk.Open(
        path, new VmdkOpenOptions { Access = VmdkOpenAccess.ReadWrite }, Interleave);

    InterleavedFile Interleave(LocalFile file) => _file = new InterleavedFile(file);
}
