using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>What an overwrite costs: exactly nothing in memory, and one call to the file.</summary>
[Collection(nameof(MeasuredAlone))]
public sealed class OverwriteCostTests
{
    const int Writes = 2000;
    const long LengthBytes = 4 << 20;

    public static TheoryData<ImageKind> Kinds =>
        [ImageKind.MonolithicSparse, ImageKind.SplitSparse, ImageKind.MonolithicFlat, ImageKind.Cowd];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AnOverwriteAllocatesNothing(ImageKind kind)
    {
        using var folder = new TempFolder();
        using VmdkDisk disk = Writable.Open(Make(kind, folder));
        byte[] buffer = Writable.Filled(4096, 0x61);
        WriteAll(disk, buffer);

        Assert.Equal(0, Allocated.LeastBytes(() => WriteAll(disk, buffer)));
    }

    [Fact]
    public void AnOverwriteIsOneWriteAndNoRead()
    {
        using var folder = new TempFolder();
        (VmdkDisk disk, CountingFile file) = Writable.Open(
            Make(ImageKind.MonolithicSparse, folder), inner => new CountingFile(inner));
        using (disk)
        {
            byte[] buffer = Writable.Filled(4096, 0x61);
            WriteAll(disk, buffer);
            (long reads, long writes, long bytes) = (file.Reads, file.Writes, file.BytesWritten);

            WriteAll(disk, buffer);

            Assert.Equal(reads, file.Reads);
            Assert.Equal((writes + Writes, bytes + (Writes * 4096)), (file.Writes, file.BytesWritten));
            long barriers = file.Barriers;
            disk.Flush();
            Assert.Equal(barriers + 1, file.Barriers);
            disk.Flush();
            Assert.Equal(barriers + 1, file.Barriers);
        }
    }

    static string Make(ImageKind kind, TempFolder folder) =>
        ImageKinds.Write(kind, folder.Path, new GuestContent(LengthBytes).Fill(0, LengthBytes, ContentPattern.Stamp));

    static void WriteAll(VmdkDisk disk, byte[] buffer)
    {
        for (int i = 0; i < Writes; i++)
        {
            disk.Write(buffer, i * 7919 * 512L % (LengthBytes - buffer.Length) / 4096 * 4096);
        }
    }
}
