using VmdkFast.Compression;
using VmdkFast.Creating;
using VmdkFast.Extents;
using VmdkFast.Streaming;
using VmdkFast.Tests.Creating;
using Xunit;

namespace VmdkFast.Tests.Streaming;

public sealed class StreamLimitTests
{
    [Fact]
    public void AGrainBeyondTheLastSectorNumberIsAnErrorAndDoesNotWrapAround()
    {
        NewDisk disk = NewDisk.Plan(
            "disk.vmdk", Created.Fixed(VmdkDiskKind.StreamOptimized, 62L << 40), null, VmdkAccess.ReadOnly);
        using var composer = new ExportComposer(Stream.Null, leaveOpen: true, "disk.vmdk", disk);
        composer.Begin();
        var piece = new PackedPiece(PieceCut.ByGrain(64 << 10));
        piece.BeginData(0);
        piece.Add(Mapping.Zero(DiskPiece.UsualMaxBytes));
        new Random(1).NextBytes(piece.Bytes);
        piece.Pack(ZlibCodec.Instance, VmdkCompression.Fastest);
        Assert.Equal(8, piece.Grains.Length);

        // Nothing is written anywhere: four million pieces take a second.
        long pieces = ((1L << 41) / piece.Stored.Length) - 1;
        for (long i = 0; i < pieces; i++)
        {
            composer.Add(piece);
        }

        VmdkException full = Assert.Throws<VmdkException>(() =>
        {
            for (int i = 0; i < 3; i++)
            {
                composer.Add(piece);
            }
        });
        Assert.Equal(VmdkErrorCode.LimitExceeded, full.Code);
        Assert.Equal("disk.vmdk", full.Path);
    }
}
