using System.Diagnostics;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>Compressed grains are appended, whole and once; the file is right after every flush.</summary>
public sealed class StreamAppendTests
{
    const int GrainBytes = 1 << 16;
    const long LengthBytes = (20 * GrainBytes) + 1536;
    const long TailOffset = 20 * GrainBytes;

    public static TheoryData<StreamLayout> Layouts => [StreamLayout.Local, StreamLayout.Qemu];

    [Theory]
    [MemberData(nameof(Layouts))]
    public void WholeGrainsAndTheTailAreAppended(StreamLayout layout)
    {
        using var folder = new TempFolder();
        (string path, GuestContent content) = Make(folder, layout);
        content.Fill(7 * GrainBytes, 3 * GrainBytes, ContentPattern.Stamp, seed: 2);
        content.Fill(TailOffset, 1536, ContentPattern.Stamp, seed: 3);

        Writable.Change(path, disk =>
        {
            disk.Write(content.Read(TailOffset, 1536), TailOffset);
            disk.Write(content.Read(7 * GrainBytes, 3 * GrainBytes), 7 * GrainBytes);
            DiskAssert.Holds(content, disk);
        });

        IsRight(path, content);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void TheFileIsRightAfterEveryFlush(StreamLayout layout)
    {
        using var folder = new TempFolder();
        (string path, GuestContent content) = Make(folder, layout);
        using VmdkDisk disk = Writable.OpenFast(path);
        foreach (int grain in new[] { 9, 6, 15 })
        {
            long offset = (long)grain * GrainBytes;
            content.Fill(offset, GrainBytes, ContentPattern.Stamp, grain);
            disk.Write(content.Read(offset, GrainBytes), offset);
            disk.Flush();

            string copy = folder[$"after-{grain}.vmdk"];
            using (FileStream source = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
            using (FileStream target = File.Create(copy))
            {
                source.CopyTo(target);
            }

            IsRight(copy, content);
        }
    }

    [Theory]
    [InlineData(0, GrainBytes)]
    [InlineData(8 * GrainBytes, 512)]
    [InlineData((8 * GrainBytes) + 512, GrainBytes)]
    [InlineData(8 * GrainBytes, GrainBytes + 512)]
    [InlineData(TailOffset, 1024)]
    public void WhatIsStoredOrNotWholeIsRefused(long offset, int length)
    {
        using var folder = new TempFolder();
        (string path, GuestContent content) = Make(folder, StreamLayout.Local);
        byte[] before = File.ReadAllBytes(path);
        using (VmdkDisk disk = Writable.OpenFast(path))
        {
            var refusal = Assert.Throws<VmdkException>(() => disk.Write(Writable.Filled(length, 1), offset));
            Assert.Equal(VmdkErrorCode.GrainImmutable, refusal.Code);
            Assert.Equal(path, refusal.Path);
        }

        // Not even the content ID: that would cost the disk its children.
        Assert.Equal(before, File.ReadAllBytes(path));
        IsRight(path, content);
    }

    [Fact]
    public void AGrainOfThisOpenIsAsImmutable()
    {
        using var folder = new TempFolder();
        (string path, GuestContent content) = Make(folder, StreamLayout.Local);
        content.Fill(8 * GrainBytes, GrainBytes, ContentPattern.Stamp);
        Writable.Change(path, disk =>
        {
            disk.Write(content.Read(8 * GrainBytes, GrainBytes), 8 * GrainBytes);
            var refusal = Assert.Throws<VmdkException>(() => disk.Write(new byte[GrainBytes], 8 * GrainBytes));
            Assert.Equal(VmdkErrorCode.GrainImmutable, refusal.Code);
        });

        IsRight(path, content);
    }

    [Fact]
    public void ZerosAreWrittenWhereNothingIsStoredAndRefusedElsewhere()
    {
        using var folder = new TempFolder();
        (string path, GuestContent content) = Make(folder, StreamLayout.Local);
        Writable.Change(path, disk =>
        {
            disk.WriteZeroes(4 * GrainBytes, LengthBytes - (4 * GrainBytes));
            disk.WriteZeroes((5 * GrainBytes) + 17, 1000);
            disk.Discard(0, LengthBytes);
            var refusal = Assert.Throws<VmdkException>(() => disk.WriteZeroes(GrainBytes, 100));
            Assert.Equal(VmdkErrorCode.GrainImmutable, refusal.Code);
        });

        IsRight(path, content);
    }

    [Fact]
    public void ADirectoryAtTheEndIsMovedOnlyWhenThatIsAllowed()
    {
        using var folder = new TempFolder();
        GuestContent content = new GuestContent(LengthBytes).Fill(0, 4 * GrainBytes, ContentPattern.Stamp);
        string path = StreamImage.Write(
            folder.Path, "disk", content,
            new StreamOptions { Layout = StreamLayout.Export, Descriptor = new DescriptorText { ExtentLines = null } });
        byte[] before = File.ReadAllBytes(path);
        VmdkException refusal = Assert.Throws<VmdkException>(() => Writable.Open(path).Dispose());
        Assert.Equal(VmdkErrorCode.AccessRefused, refusal.Code);
        Assert.Equal(before, File.ReadAllBytes(path));

        VmdkOpenOptions allowed = Writable.Options with { ConvertFooterLayout = true };
        for (int round = 0; round < 2; round++)
        {
            long offset = (12 - (round * 4)) * GrainBytes;
            content.Fill(offset, GrainBytes, ContentPattern.Stamp, seed: 4 + round);
            using (VmdkDisk disk = Writable.OpenFast(path, round == 0 ? allowed : Writable.Options))
            {
                disk.Write(content.Read(offset, GrainBytes), offset);
            }

            IsRight(path, content);
        }

        Assert.NotEqual(HostedHeader.DirectoryAtEnd, HostedHeader.Read(path).DirectorySector);
    }

    [Fact]
    public void TheFirstGrainOutOfOrderIsNotedForWhoeverWatches()
    {
        using var folder = new TempFolder();
        (string path, _) = Make(folder, StreamLayout.Local);
        using var source = new ActivitySource("test");
        using var listener = new ActivityListener
        {
            ShouldListenTo = known => known == source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        using Activity activity = source.StartActivity("appending")!;
        using VmdkDisk disk = Writable.Open(path);
        byte[] grain = Writable.Filled(GrainBytes, 1);
        disk.Write(grain, 8 * GrainBytes);
        disk.Write(grain, 10 * GrainBytes);
        Assert.Empty(activity.Events);

        disk.Write(grain, 9 * GrainBytes);
        disk.Write(grain, 7 * GrainBytes);
        Assert.Equal("grains appended in descending order", Assert.Single(activity.Events).Name);
    }

    [Fact]
    public void TheEndOfTheStreamDoesNotOverwriteAGrainAppendedMeanwhile()
    {
        using var folder = new TempFolder();
        (string path, GuestContent content) = Make(folder, StreamLayout.Local);
        content.Fill(8 * GrainBytes, 2 * GrainBytes, ContentPattern.Stamp, seed: 2);
        (VmdkDisk disk, BlockingFile file) = Writable.Open(path, inner => new BlockingFile(inner));
        using (disk)
        {
            disk.Write(content.Read(8 * GrainBytes, GrainBytes), 8 * GrainBytes);
            file.BlockNext((_, bytes) => bytes.Length == 512 && !bytes.Span.ContainsAnyExcept((byte)0));
            Actor flush = Actor.Start(disk.Flush);
            Actor.Await(file.Arrived);
            Actor append = Actor.Start(
                () => disk.Write(content.Read(9 * GrainBytes, GrainBytes), 9 * GrainBytes)).AwaitWaitingOrEnded();
            file.Release.Set();
            Actor.JoinAll(flush, append);
        }

        IsRight(path, content);
    }

    [Fact]
    public void GrainsLargerThanAPieceOfARequestAreAppended()
    {
        const int LargeGrainBytes = 8 << 20;
        using var folder = new TempFolder();
        GuestContent content = new(3 * LargeGrainBytes);
        var local = new StreamOptions { Layout = StreamLayout.Local, GrainSectors = LargeGrainBytes / 512, Level = 1 };
        string path = StreamImage.Write(folder.Path, "disk", content, local);
        content.Fill(LargeGrainBytes, 2 * LargeGrainBytes, ContentPattern.Stamp);

        Writable.Change(path, disk => disk.Write(content.Read(LargeGrainBytes, 2 * LargeGrainBytes), LargeGrainBytes));

        DiskAssert.Holds(content, path);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void GrainsInAnyOrderAndAtOnceAreAllStored(int writers)
    {
        const int SmallGrainBytes = 4096;
        const int Grains = 600;
        ulong seed = Seed.Draw();
        using var folder = new TempFolder();
        GuestContent content = new((long)Grains * SmallGrainBytes);
        var local = new StreamOptions { Layout = StreamLayout.Local, GrainSectors = SmallGrainBytes / 512 };
        string path = StreamImage.Write(folder.Path, "disk", content, local);
        int[] order = [.. Enumerable.Range(0, Grains)];
        new SplitMix(seed).Shuffle(order.AsSpan());
        content.Fill(0, content.LengthBytes, ContentPattern.Stamp, seed: 1);
        byte[] expected = content.Read(0, (int)content.LengthBytes);

        for (int open = 0; open < 3; open++)
        {
            using VmdkDisk disk = Writable.OpenFast(path, Writable.Smallest);
            Actor.JoinAll(Actor.StartMany(writers, writer =>
            {
                foreach (int grain in order[(open * 200)..((open + 1) * 200)].Where(grain => grain % writers == writer))
                {
                    int offset = grain * SmallGrainBytes;
                    disk.Write(expected.AsSpan(offset, SmallGrainBytes), offset);
                    if (grain % 16 == 0)
                    {
                        disk.Flush();
                    }
                }
            }));
        }

        DiskAssert.Holds(content, path);
        EndsProperly(path);
    }

    static (string Path, GuestContent Content) Make(TempFolder folder, StreamLayout layout)
    {
        GuestContent content = new GuestContent(LengthBytes).Fill(0, 4 * GrainBytes, ContentPattern.Stamp);
        return (StreamImage.Write(folder.Path, "disk", content, new StreamOptions { Layout = layout }), content);
    }

    // For us, for QEMU, and for a reader that wants the end of the stream.
    static void IsRight(string path, GuestContent content)
    {
        DiskAssert.Holds(content, path);
        Writable.QemuAccepts(path);
        Writable.QemuReads(content, path);
        EndsProperly(path);
    }

    static void EndsProperly(string path)
    {
        long length = new FileInfo(path).Length;
        Assert.Equal(0, length % 512);
        Assert.Equal(-1, Patch.ReadBytes(path, length - 512, 512).AsSpan().IndexOfAnyExcept((byte)0));
    }
}
