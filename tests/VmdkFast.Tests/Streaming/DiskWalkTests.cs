using VmdkFast.Opening;
using VmdkFast.Reading;
using VmdkFast.Streaming;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Streaming;

public sealed class DiskWalkTests : IDisposable
{
    const int MiB = 1 << 20;

    readonly TempFolder _folder = new();

    public static TheoryData<ImageKind, int> KindsAndUnits()
    {
        var data = new TheoryData<ImageKind, int>();
        foreach (ImageKind kind in new[]
            {
                ImageKind.MonolithicSparse, ImageKind.SparseOfSmallestGrains, ImageKind.MonolithicFlat,
                ImageKind.StreamExport, ImageKind.Cowd, ImageKind.CustomMixture,
            })
        {
            foreach (int unit in new[] { 512, 4096, 65536, 2 * MiB })
            {
                data.Add(kind, unit);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(KindsAndUnits))]
    public void PiecesAreTheDiskCutAsItWasWanted(ImageKind kind, int unitBytes)
    {
        GuestContent content = GuestContent.Scattered((7 * MiB) + 1536, seed: unitBytes % 89);
        string path = ImageKinds.Write(kind, _folder.Path, content);
        using OpenedImage image = ImageOpener.Open(path, VmdkOpenOptions.Default);
        using var cursor = new GrainCursor();
        var cut = PieceCut.ByGrain(unitBytes);
        var source = new DiskSource(image, new DiskReader(image.Top, cursor), cut);
        var piece = new DiskPiece(cut.MaxBytes);
        long at = 0;
        while (source.TryTake(piece))
        {
            Assert.Equal(at, piece.OffsetBytes);
            Assert.Equal(0, piece.OffsetBytes % unitBytes);
            Assert.InRange(piece.LengthBytes, 1, content.LengthBytes - at);
            Assert.True(piece.EndBytes % unitBytes == 0 || piece.EndBytes == content.LengthBytes);
            if (piece.IsZero)
            {
                DiskAssert.SameBytes(content, at, new byte[piece.LengthBytes]);
            }
            else
            {
                Assert.Equal(at / cut.MaxBytes, (piece.EndBytes - 1) / cut.MaxBytes);
                source.Read(piece);
                DiskAssert.SameBytes(content, at, piece.Bytes);
                int whole = piece.WholeUnits(unitBytes).Length;
                Assert.Equal(-1, piece.WholeUnits(unitBytes)[piece.Bytes.Length..].IndexOfAnyExcept((byte)0));
                Assert.Equal(0, whole % unitBytes);
            }

            at = piece.EndBytes;
        }

        Assert.Equal(content.LengthBytes, at);
    }

    public void Dispose() => _folder.Dispose();
}
