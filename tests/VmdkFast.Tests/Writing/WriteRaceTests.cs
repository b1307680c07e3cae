using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>Writers that meet, at moments that a double picks.</summary>
public sealed class WriteRaceTests
{
    const int GrainBytes = 1 << 16;
    const long LengthBytes = 64 * GrainBytes;
    const byte Held = 0xd1;

    [Theory]
    [InlineData(ImageKind.MonolithicSparse)]
    [InlineData(ImageKind.CowdOfLargeGrains)]
    public void TwoFirstWritersOfOneGrainLoseNothing(ImageKind kind)
    {
        using var folder = new TempFolder();
        string path = Make(kind, folder);
        (VmdkDisk disk, BlockingFile file) = OpenBlocking(path);
        using (disk)
        {
            Actor first = StartHeld(disk, file, 10 * GrainBytes);
            Actor second = Actor.Start(() => disk.Write([2], (10 * GrainBytes) + 9000)).AwaitWaitingOrEnded();
            Assert.False(second.HasEnded, "Two writers fill one grain at the same time.");
            file.Release.Set();
            Actor.JoinAll(first, second);
        }

        using VmdkDisk again = VmdkDisk.Open(path);
        Writable.Holds(again, 10 * GrainBytes, 100, Held);
        Writable.Holds(again, (10 * GrainBytes) + 9000, 1, 2);
    }

    [Fact]
    public void WhoWaitedForAFirstWriterThatFailsWritesTheGrain()
    {
        using var folder = new TempFolder();
        string path = Make(ImageKind.MonolithicSparse, folder);
        (VmdkDisk disk, BlockingFile file) = OpenBlocking(path);
        using (disk)
        {
            file.Failure = new VmdkException(VmdkErrorCode.InputOutput, path, "no space");
            Actor first = StartHeld(disk, file, 10 * GrainBytes);
            Actor second = Actor.Start(() => disk.Write([2], (10 * GrainBytes) + 9000)).AwaitWaitingOrEnded();
            file.Release.Set();

            Assert.Same(file.Failure, first.Join());
            Actor.JoinAll(second);
        }

        using VmdkDisk again = VmdkDisk.Open(path);
        Writable.Holds(again, 10 * GrainBytes, 9000, 0);
        Writable.Holds(again, (10 * GrainBytes) + 9000, 1, 2);
    }

    [Fact]
    public void WhileOneWriterIsHeldUpAllOthersGoOn()
    {
        using var folder = new TempFolder();
        string path = Make(ImageKind.MonolithicSparse, folder);
        (VmdkDisk disk, BlockingFile file) = OpenBlocking(path);
        using (disk)
        {
            Actor held = StartHeld(disk, file, 10 * GrainBytes);

            // Overwrites, allocations, a read, zeros and a flush, all in the same table.
            Actor.JoinAll(
                Actor.Start(() => disk.Write(Writable.Filled(100, 3), 0)),
                Actor.Start(() => disk.Write(Writable.Filled(100, 4), GrainBytes)),
                Actor.Start(() => disk.Write(Writable.Filled(100, 5), 12 * GrainBytes)),
                Actor.Start(() => disk.Write(Writable.Filled(3 * GrainBytes, 6), 20 * GrainBytes)),
                Actor.Start(() => disk.WriteZeroes(3 * GrainBytes, GrainBytes)),
                Actor.Start(() => Writable.Holds(disk, 10 * GrainBytes, GrainBytes, 0)),
                Actor.Start(disk.Flush));
            Assert.False(held.HasEnded);
            file.Release.Set();
            Actor.JoinAll(held);
        }

        using VmdkDisk again = VmdkDisk.Open(path);
        Writable.Holds(again, 0, 100, 3);
        Writable.Holds(again, GrainBytes, 100, 4);
        Writable.Holds(again, 3 * GrainBytes, GrainBytes, 0);
        Writable.Holds(again, 10 * GrainBytes, 100, Held);
        Writable.Holds(again, 12 * GrainBytes, 100, 5);
        Writable.Holds(again, 20 * GrainBytes, 3 * GrainBytes, 6);
    }

    [Fact]
    public void ZerosBesideAFirstWriterComeBeforeOrAfterAllOfIt()
    {
        using var folder = new TempFolder();
        string path = Make(ImageKind.MonolithicSparse, folder);
        (VmdkDisk disk, BlockingFile file) = OpenBlocking(path);
        using (disk)
        {
            Actor held = StartHeld(disk, file, 10 * GrainBytes);

            // The entry is still 0, which says that there is nothing to clear: either order of the two is right.
            Actor clear = Actor.Start(() => disk.WriteZeroes(10 * GrainBytes, GrainBytes)).AwaitWaitingOrEnded();
            file.Release.Set();
            Actor.JoinAll(held, clear);
            byte now = Writable.Read(disk, 10 * GrainBytes, 1)[0];
            Assert.True(now is 0 or Held);
            Writable.Holds(disk, 10 * GrainBytes, 100, now);
        }
    }

    [Fact]
    public void AFreedGrainIsNotReusedWhileSomebodyMayStillWriteIntoIt()
    {
        using var folder = new TempFolder();
        string path = Make(ImageKind.MonolithicSparse, folder);
        (VmdkDisk disk, BlockingFile file) = OpenBlocking(path);
        using (disk)
        {
            long? freed = PlaceOf(disk, 3 * GrainBytes);
            Actor held = StartHeld(disk, file, 3 * GrainBytes);
            disk.Discard(3 * GrainBytes, GrainBytes);
            for (int grain = 20; grain < 24; grain++)
            {
                disk.Flush();
                disk.Write([7], grain * GrainBytes);
                Assert.NotEqual(freed, PlaceOf(disk, grain * GrainBytes));
            }

            file.Release.Set();
            Actor.JoinAll(held);
            disk.Flush();
            disk.Write([7], 24 * GrainBytes);
            Assert.Equal(freed, PlaceOf(disk, 24 * GrainBytes));
            Writable.Holds(disk, 24 * GrainBytes, 1, 7);
            Writable.Holds(disk, (24 * GrainBytes) + 1, GrainBytes - 1, 0);
        }
    }

    [Fact]
    public void ClosingWaitsForTheWritersUnderWay()
    {
        using var folder = new TempFolder();
        string path = Make(ImageKind.MonolithicSparse, folder);
        (VmdkDisk disk, BlockingFile file) = OpenBlocking(path);
        Actor held = StartHeld(disk, file, 10 * GrainBytes);
        Actor close = Actor.Start(disk.Dispose).AwaitWaitingOrEnded();
        Assert.False(close.HasEnded);
        Assert.Throws<ObjectDisposedException>(() => disk.Write([1], 0));

        file.Release.Set();
        Actor.JoinAll(held, close);

        using VmdkDisk again = VmdkDisk.Open(path);
        Writable.Holds(again, 10 * GrainBytes, 100, Held);
    }

    [Theory]
    [InlineData(WritableKind.ZeroGrains)]
    [InlineData(WritableKind.EmptyCowd)]
    [InlineData(WritableKind.SparseOverFlat)]
    [InlineData(WritableKind.SparseWithAbsentTables)]
    public void ManyFirstWritersOfTheSameGrainsLoseNothing(WritableKind kind)
    {
        const int Writers = 8;
        const int PieceBytes = 64;
        using var folder = new TempFolder();
        (string path, GuestContent content) = WritableKinds.Write(kind, folder.Path, seed: 4);
        byte[] expected = content.Read(0, (int)content.LengthBytes);
        using (VmdkDisk disk = Writable.OpenFast(path))
        {
            Actor.JoinAll(Actor.StartMany(Writers, writer =>
            {
                byte[] piece = Writable.Filled(PieceBytes, (byte)(writer + 1));
                for (int offset = writer * PieceBytes; offset < expected.Length - PieceBytes; offset += 2048)
                {
                    disk.Write(piece, offset);
                    piece.CopyTo(expected, offset);
                }
            }));
        }

        using VmdkDisk again = VmdkDisk.Open(path);
        byte[] actual = Writable.Read(again, 0, expected.Length);
        Assert.Equal(expected.Length, actual.AsSpan().CommonPrefixLength(expected));
    }

    [Fact]
    public void AnOverwriteBesideZerosGoesNowhereElse()
    {
        using var folder = new TempFolder();
        string path = SparseImage.Write(
            folder.Path, "disk", new GuestContent(1 << 20), new SparseOptions { GrainSectors = 8 });
        (VmdkDisk disk, InterruptedFile file) = Writable.Open(path, inner => new InterruptedFile(inner));
        using (disk)
        {
            disk.Write([1, 2], 8192);
            byte[] header = Patch.ReadBytes(path, 0, 21 * 512);

            // Between the look at the entry and the look at where it leads.
            file.Interrupt = () => disk.WriteZeroes(8192, 4096);
            disk.Write([0xee], 8192);

            Assert.Null(file.Interrupt);
            Assert.Equal(header, Patch.ReadBytes(path, 0, header.Length));
            Assert.Equal([0xee, 0], Writable.Read(disk, 8192, 2));
        }

        Writable.QemuAccepts(path);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TablesMadeBesideFlushesAreFoundAgain(bool redundant)
    {
        const int Writers = 3;
        const int Tables = 1500;
        const int CoveredBytes = 8 * 4096;
        using var folder = new TempFolder();
        string path = SparseImage.Write(
            folder.Path, "disk", new GuestContent((long)Tables * CoveredBytes),
            new SparseOptions
            {
                GrainSectors = 8,
                TableEntries = 8,
                TablesLazilyAbsent = true,
                Redundant = redundant,
            });
        using (VmdkDisk disk = Writable.OpenFast(path))
        {
            int left = Writers;
            Actor flusher = Actor.Start(() =>
            {
                while (Volatile.Read(ref left) > 0)
                {
                    disk.Flush();
                }
            });
            Actor[] writers = Actor.StartMany(Writers, writer =>
            {
                for (int table = writer; table < Tables; table += Writers)
                {
                    disk.Write([(byte)(1 + (table % 255))], (long)table * CoveredBytes);
                }

                Interlocked.Decrement(ref left);
            });
            Actor.JoinAll(writers);
            Actor.JoinAll(flusher);
        }

        using VmdkDisk again = VmdkDisk.Open(path);
        for (int table = 0; table < Tables; table++)
        {
            Writable.Holds(again, (long)table * CoveredBytes, 1, (byte)(1 + (table % 255)));
        }

        Writable.QemuAccepts(path);
    }

    static string Make(ImageKind kind, TempFolder folder) =>
        ImageKinds.Write(
            kind, folder.Path, new GuestContent(LengthBytes).Fill(0, 8 * GrainBytes, ContentPattern.Stamp));

    static long? PlaceOf(VmdkDisk disk, long offsetBytes) =>
        disk.Map(offsetBytes, 512, TestContext.Current.CancellationToken).First().FileOffsetBytes;

    // Of an image with several files, the one with the grains is opened last.
    static (VmdkDisk Disk, BlockingFile File) OpenBlocking(string path)
    {
        (VmdkDisk disk, BlockingFile file) = Writable.Open(path, inner => new BlockingFile(inner));

        // Content ID, unclean mark and tables are behind us.
        disk.Write([1], 8 * GrainBytes);
        return (disk, file);
    }

    // A writer of a new grain whose data has not arrived in the file.
    static Actor StartHeld(VmdkDisk disk, BlockingFile file, long offsetBytes)
    {
        file.BlockNext((_, bytes) => bytes.Span.Contains(Held));
        Actor held = Actor.Start(() => disk.Write(Writable.Filled(100, Held), offsetBytes));
        Actor.Await(file.Arrived);
        return held;
    }

    /// <summary>Lets something else happen when somebody asks for the file's length, once.</summary>
    sealed class InterruptedFile(ImageFile inner) : WrappingFile(inner)
    {
        internal Action? Interrupt { get; set; }

        internal override long LengthBytes
        {
            get
            {
                Action? interrupt = Interrupt;
                Interrupt = null;
                interrupt?.Invoke();
                return base.LengthBytes;
            }
        }
    }
}
