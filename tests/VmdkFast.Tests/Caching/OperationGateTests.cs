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

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void DrainWaitsForEverybodyOfBothParities(int last)
    {
        var gate = new OperationGate();
        int[] tokens = new int[3];
        tokens[0] = gate.Enter();
        gate.Advance();
        tokens[1] = gate.Enter();
        Actor.JoinAll(Actor.Start(() => tokens[2] = gate.Enter()));

        Actor drain = Actor.Start(gate.Drain);
        foreach (int token in tokens.Where((_, index) => index != last).Append(tokens[last]))
        {
            Thread.Sleep(20);
            Assert.False(drain.HasEnded);
            gate.Exit(token);
        }

        Actor.JoinAll(drain);
    }

    /// <summary>
    /// The engine's use of the gate: a thing is retired, the epoch moves, the old parity drains, the thing is used
    /// again. Nobody may still hold it then.
    /// </summary>
    /// <remarks>
    /// What is hunted is an operation that was stopped between its look at the epoch and its increment, and counted
    /// itself in a parity that had been waited for. The scheduler stops threads some hundred times a second when there
    /// are more of them than cores. A reader that finds the world changed across Enter was stopped in there: it holds
    /// what it sees for a millisecond, so that the thing is surely used again if it is not counted. Without the second
    /// look in Enter this fails after 0.1 to 1 second, holding for a microsecond every time it took a minute.
    /// </remarks>
    [Fact]
    public void NothingIsUsedAgainWhileAnOperationMayStillSeeIt()
    {
        const int Things = 8;
        const int ChangesOfAStop = 4;
        var gate = new OperationGate();
        int[] generations = new int[Things];
        int current = 0;
        bool stop = false;
        bool wrong = false;

        Actor reader = Actor.Start(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                int before = Volatile.Read(ref current);
                int token = gate.Enter();
                int thing = Volatile.Read(ref current);
                int seen = Volatile.Read(ref generations[thing % Things]);
                if (thing - before >= ChangesOfAStop)
                {
                    Thread.Sleep(1);
                }

                if (Volatile.Read(ref generations[thing % Things]) != seen)
                {
                    Volatile.Write(ref wrong, true);
                }

                gate.Exit(token);
            }
        });
        Actor[] neighbours = Actor.StartMany(Environment.ProcessorCount, _ =>
        {
            while (!Volatile.Read(ref stop))
            {
                Thread.SpinWait(100);
            }
        });

        var watch = Stopwatch.StartNew();
        while (watch.ElapsedMilliseconds < 4_000 && !Volatile.Read(ref wrong))
        {
            int retired = current;
            Volatile.Write(ref current, retired + 1);
            int parity = gate.Advance();
            var spin = default(SpinWait);
            while (!gate.IsQuiet(parity))
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }

            Volatile.Write(ref generations[retired % Things], retired + 1);
        }

        Volatile.Write(ref stop, true);
        Actor.JoinAll([reader, .. neighbours]);
        Assert.False(wrong, $"A thing was used again under its reader, after {current} reuses.");
        Assert.True(gate.IsQuiet(0) && gate.IsQuiet(1));
    }
}
