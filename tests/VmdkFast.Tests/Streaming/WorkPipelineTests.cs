using System.Collections.Concurrent;
using VmdkFast.Streaming;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Streaming;

public sealed class WorkPipelineTests
{
    const int Pieces = 400;

    sealed class Piece
    {
        internal int Number;
        internal int Users;
    }

    public static TheoryData<int> ThreadCounts => [1, 2, 3, 8];

    // The other threads wait for the lock while one takes: whoever gets it next must see that the source has failed.
    // Short calls, so that they wait spinning and not asleep: that found it in nearly every run of this test.
    [Fact]
    public void NothingIsTakenFromASourceThatFailed()
    {
        for (int round = 0; round < 200; round++)
        {
            int calls = 0;
            var pipeline = new WorkPipeline<Piece>(
                NewPieces(8),
                _ =>
                {
                    Thread.SpinWait(200);
                    return ++calls < 50 ? true : throw new InvalidDataException($"call {calls}");
                },
                _ => { },
                null);
            var failure = Assert.Throws<InvalidDataException>(
                () => pipeline.Run(4, TestContext.Current.CancellationToken));
            Assert.Equal("call 50", failure.Message);
            Assert.Equal(50, calls);
        }
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void EveryPieceIsProcessedOnceAndDeliveredInOrder(int threads)
    {
        ulong seed = Seed.Draw();
        int works = threads + 2;
        int[] processed = new int[Pieces];
        var delivered = new List<int>();
        int taken = 0;
        int inTake = 0;
        int inDeliver = 0;
        Piece[] pieces = NewPieces(works);
        var pipeline = new WorkPipeline<Piece>(
            pieces,
            piece =>
            {
                Assert.Equal(1, Interlocked.Increment(ref inTake));
                Assert.Equal(1, Interlocked.Increment(ref piece.Users));
                piece.Number = taken++;
                Interlocked.Decrement(ref inTake);
                return piece.Number < Pieces;
            },
            piece =>
            {
                Thread.SpinWait((int)(SplitMix.Mix(seed + (ulong)piece.Number) & 4_095));
                Interlocked.Increment(ref processed[piece.Number]);
            },
            piece =>
            {
                Assert.Equal(1, Interlocked.Increment(ref inDeliver));
                delivered.Add(piece.Number);
                Interlocked.Decrement(ref piece.Users);
                Interlocked.Decrement(ref inDeliver);
            });
        pipeline.Run(threads, TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, Pieces), delivered);
        Assert.All(processed, count => Assert.Equal(1, count));
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void WithoutDeliveryEveryPieceIsStillProcessedOnce(int threads)
    {
        int taken = 0;
        int[] processed = new int[Pieces];
        new WorkPipeline<Piece>(
            NewPieces(1),
            piece => (piece.Number = taken++) < Pieces,
            piece => Interlocked.Increment(ref processed[piece.Number]),
            deliver: null).Run(threads, TestContext.Current.CancellationToken);
        Assert.All(processed, count => Assert.Equal(1, count));
    }

    [Fact]
    public void AConsumerThatBlocksHoldsUpTheOthersOnlyWhenAllPiecesAreFilled()
    {
        const int Works = 5;
        using var delivering = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        int taken = 0;
        int processed = 0;
        var delivered = new List<int>();
        var pipeline = new WorkPipeline<Piece>(
            NewPieces(Works),
            piece => (piece.Number = taken++) < Pieces,
            _ => Interlocked.Increment(ref processed),
            piece =>
            {
                delivering.Set();
                Actor.Await(release);
                delivered.Add(piece.Number);
            });
        Actor run = Actor.Start(() => pipeline.Run(3, TestContext.Current.CancellationToken));
        Actor.Await(delivering);
        Assert.True(
            SpinWait.SpinUntil(() => Volatile.Read(ref processed) == Works, TimeSpan.FromSeconds(60)),
            "The others did not work on.");
        Thread.Sleep(20);
        Assert.Equal(Works, Volatile.Read(ref taken));
        release.Set();
        Actor.JoinAll(run);
        Assert.Equal(Enumerable.Range(0, Pieces), delivered);
    }

    public enum Stage
    {
        Take,
        Process,
        Deliver,
    }

    public static TheoryData<Stage, int> Failures =>
        new MatrixTheoryData<Stage, int>(Enum.GetValues<Stage>(), [1, 2, 8]);

    [Theory]
    [MemberData(nameof(Failures))]
    public void AFailureIsThrownOnceAndAllThreadsHaveEnded(Stage stage, int threads)
    {
        const int Bad = 50;
        var failure = new IOException("as told");
        var workers = new ConcurrentDictionary<Thread, bool>();
        int taken = 0;
        int afterwards = 0;
        bool over = false;
        var delivered = new List<int>();
        var pipeline = new WorkPipeline<Piece>(
            NewPieces(threads * 2),
            piece =>
            {
                FailIf(stage == Stage.Take && taken == Bad);
                piece.Number = taken++;
                return piece.Number < Pieces;
            },
            piece => FailIf(stage == Stage.Process && piece.Number >= Bad),
            piece =>
            {
                FailIf(stage == Stage.Deliver && piece.Number == Bad);
                delivered.Add(piece.Number);
            });

        IOException thrown = Assert.Throws<IOException>(
            () => pipeline.Run(threads, TestContext.Current.CancellationToken));
        Volatile.Write(ref over, true);
        Assert.Same(failure, thrown);
        Assert.DoesNotContain(workers.Keys, thread => thread != Thread.CurrentThread && thread.IsAlive);
        Assert.Equal(0, afterwards);
        Assert.Equal(Enumerable.Range(0, delivered.Count), delivered);
        Assert.InRange(delivered.Count, 0, Bad);
        Assert.True(taken < Pieces, "Pieces were taken long after the failure.");

        void FailIf(bool fails)
        {
            workers[Thread.CurrentThread] = true;
            afterwards += Volatile.Read(ref over) ? 1 : 0;
            if (fails)
            {
                throw failure;
            }
        }
    }

    [Theory]
    [MemberData(nameof(ThreadCounts))]
    public void CancellationEndsAllThreadsAndIsThrown(int threads)
    {
        using var cancellation = new CancellationTokenSource();
        var workers = new ConcurrentDictionary<Thread, bool>();
        long taken = 0;
        var pipeline = new WorkPipeline<Piece>(
            NewPieces(threads),
            _ => true,
            _ =>
            {
                workers[Thread.CurrentThread] = true;
                if (Interlocked.Increment(ref taken) == 100)
                {
                    cancellation.Cancel();
                }
            },
            _ => { });
        var thrown = Assert.Throws<OperationCanceledException>(() => pipeline.Run(threads, cancellation.Token));
        Assert.Equal(cancellation.Token, thrown.CancellationToken);
        Assert.DoesNotContain(workers.Keys, thread => thread != Thread.CurrentThread && thread.IsAlive);
        Assert.InRange(taken, 100, 100 + threads);
    }

    [Fact]
    public void CancellationWakesThoseWhoWaitForAFreePiece()
    {
        using var cancellation = new CancellationTokenSource();
        using var delivering = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var delivered = new List<int>();
        int taken = 0;
        var pipeline = new WorkPipeline<Piece>(
            NewPieces(2),
            piece => (piece.Number = taken++) < Pieces,
            _ => { },
            piece =>
            {
                delivered.Add(piece.Number);
                delivering.Set();
                Actor.Await(release);
            });
        Actor run = Actor.Start(() => pipeline.Run(3, cancellation.Token));
        Actor.Await(delivering);
        cancellation.Cancel();
        release.Set();
        Assert.IsType<OperationCanceledException>(run.Join());
        Assert.Equal([0], delivered);
    }

    [Fact]
    public void ARunThatWasCancelledBeforeItBeganTakesNothing()
    {
        int taken = 0;
        var pipeline = new WorkPipeline<Piece>(NewPieces(2), _ => ++taken > 0, _ => { }, _ => { });
        Assert.Throws<OperationCanceledException>(() => pipeline.Run(2, new CancellationToken(canceled: true)));
        Assert.Equal(0, taken);
    }

    static Piece[] NewPieces(int count) => [.. Enumerable.Range(0, count).Select(_ => new Piece())];
}
