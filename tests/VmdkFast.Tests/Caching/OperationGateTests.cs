using System.Diagnostics;
using VmdkFast.Caching;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Caching;

public sealed class OperationGateTests
{
    [Fact]
    public void OnlyOperationsOfTheOldParityAreWaitedFor()
    {
        var gate = new OperationGate();
        int before = gate.Enter();
        int oldParity = gate.Advance();
        int after = gate.Enter();

        Assert.False(gate.IsQuiet(oldParity));
        gate.Exit(before);
        Assert.True(gate.IsQuiet(oldParity));
        Assert.False(gate.IsQuiet(1 - oldParity));
        gate.Exit(after);
        Assert.True(gate.IsQuiet(1 - oldParity));
    }

    [Fact]
    public void ParitiesTakeTurns()
    {
        var gate = new OperationGate();
        for (int epoch = 0; epoch < 5; epoch++)
        {
            int token = gate.Enter();
            int parity = gate.Advance();
            Assert.Equal(epoch & 1, parity);
            Assert.False(gate.IsQuiet(parity));
            gate.Exit(token);
            Assert.True(gate.IsQuiet(parity));
        }
    }

    [Fact]
    public void ATokenMayLeaveOnAnotherThread()
    {
        // More threads than stripes, so that some share one.
        const int Threads = 80;
        var gate = new OperationGate();
        int[] tokens = new int[Threads];
        Actor.JoinAll(Actor.StartMany(Threads, index => tokens[index] = gate.Enter()));
        int parity = gate.Advance();
        Assert.All(tokens, token =>
        {
            Assert.False(gate.IsQuiet(parity));
            Actor.JoinAll(Actor.Start(() => gate.Exit(token)));
        });
        Assert.True(gate.IsQuiet(parity));
    }

    [Fact]
    public void DrainWaitsForEverybodyOfBothParities()
    {
        var gate = new OperationGate();
        int first = gate.Enter();
        gate.Advance();
        int second = gate.Enter();
        int third = -1;
        Actor.JoinAll(Actor.Start(() => third = gate.Enter()));

        Actor drain = Actor.Start(gate.Drain);
        foreach (int token in (int[])[second, first, third])
        {
            Thread.Sleep(20);
            Assert.False(drain.HasEnded);
            gate.Exit(token);
        }

        Actor.JoinAll(drain);
    }

    // The engine's use of the gate: a thing is retired, the epoch moves, the old parity drains, the thing is used
    // again.
    // An operation that counted itself in a parity that was already waited for would hold a thing that is used again.
    [Fact]
    public void NothingIsUsedAgainWhileAnOperationMayStillSeeIt()
    {
        const int Readers = 6;
        const int Things = 8;
        ulong seed = Seed.Draw();
        var gate = new OperationGate();
        int[] owner = new int[Things];
        int current = 0;
        int generation = 0;
        bool stop = false;
        bool wrong = false;

        Actor[] readers = Actor.StartMany(Readers, index =>
        {
            var random = new SplitMix(seed + ((ulong)index << 40));
            while (!Volatile.Read(ref stop))
            {
                int spins = (int)random.NextBelow(64);
                for (int i = 0; i < 16; i++)
                {
                    int token = gate.Enter();
                    int thing = Volatile.Read(ref current);
                    int seen = Volatile.Read(ref owner[thing]);
                    Thread.SpinWait(spins);
                    if (Volatile.Read(ref owner[thing]) != seen)
                    {
                        Volatile.Write(ref wrong, true);
                    }

                    gate.Exit(token);
                }
            }
        });

        // A thing changes hands only after it was retired and everybody of its epoch has left.
        var watch = Stopwatch.StartNew();
        long reuses = 0;
        while (watch.ElapsedMilliseconds < 2_500 && !Volatile.Read(ref wrong))
        {
            int retired = current;
            Volatile.Write(ref current, (retired + 1) % Things);
            int parity = gate.Advance();
            var spin = default(SpinWait);
            while (!gate.IsQuiet(parity))
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }

            Volatile.Write(ref owner[retired], ++generation);
            reuses++;
        }

        Volatile.Write(ref stop, true);
        Actor.JoinAll(readers);
        Assert.False(wrong, $"A thing was used again under its reader, after {reuses} reuses (seed {seed}).");
        Assert.True(gate.IsQuiet(0) && gate.IsQuiet(1));
    }
}
