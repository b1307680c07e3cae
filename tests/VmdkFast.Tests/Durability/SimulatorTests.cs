using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Durability;

/// <summary>
/// The simulator itself: it must find every wrong order of a writer so small that its right order is beyond doubt.
/// The writer keeps blocks of four sectors and, in sector 0, the number of the last complete block.
/// </summary>
public sealed class SimulatorTests : IDisposable
{
    const int BlockBytes = 4 * Sector.Bytes;

    readonly ScratchFolder _folder = new();
    readonly RecordedHistory _history = new();
    readonly LocalFile _first;
    readonly LocalFile _second;

    public SimulatorTests()
    {
        Directory.CreateDirectory(_folder["live"]);
        Directory.CreateDirectory(_folder["cut"]);
        _first = LocalFile.CreateNew(Path.Combine(_folder["live"], "first"));
        _second = LocalFile.CreateNew(Path.Combine(_folder["live"], "second"));
        _first.Grow(Sector.Bytes);
        _second.Grow(Sector.Bytes);
    }

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void TheRightOrderSurvivesEveryCut()
    {
        ImageFile file = _history.Wrap(_first);
        for (int block = 1; block <= 3; block++)
        {
            WriteBlock(file, block);
            file.Barrier();
            WritePointer(file, block);
            file.Barrier();
        }

        Assert.Equal(0, FailuresOf(PointsToWhole, PowerCut.SectorUnit));
        Assert.Equal(0, FailuresOf(PointsToWhole, PowerCut.BlockUnit));
    }

    [Fact]
    public void APointerInFrontOfItsBlockIsFound()
    {
        ImageFile file = _history.Wrap(_first);
        WritePointer(file, 1);
        file.Barrier();
        WriteBlock(file, 1);
        file.Barrier();
        Assert.True(FailuresOf(PointsToWhole, PowerCut.SectorUnit) > 0);
    }

    [Fact]
    public void AMissingBarrierIsFound()
    {
        ImageFile file = _history.Wrap(_first);
        WriteBlock(file, 1);
        WritePointer(file, 1);
        file.Barrier();

        // Five sectors and one length are pending together: 64 combinations, and the pointer is in half of them.
        Assert.Equal(31, FailuresOf(PointsToWhole, PowerCut.SectorUnit, onlyAt: 2));
    }

    [Fact]
    public void ABarrierOfOneFileOrdersNothingOfAnother()
    {
        ImageFile first = _history.Wrap(_first);
        ImageFile second = _history.Wrap(_second);
        WriteBlock(second, 1);
        first.Barrier();
        WritePointer(first, 1);
        Assert.True(FailuresOf(PointsToWholeInSecond, PowerCut.SectorUnit) > 0);
    }

    [Fact]
    public void AWriteThatReturnsDuringABarrierIsNotCovered()
    {
        ImageFile file = _history.Wrap(_first);
        var late = new FileChange
        {
            Kind = ChangeKind.Write,
            File = 0,
            OffsetBytes = 0,
            LengthBytes = 512,
            Bytes = new byte[512],
        };
        late.Bytes[0] = 1;
        _history.Append(late);
        file.Barrier();
        _history.Complete(late);
        using var cut = new PowerCut(_history, _folder["cut"]);
        cut.Advance();
        cut.Advance();
        Assert.Equal(new PendingPart(0, 0, 1), Assert.Single(cut.Pending()));
    }

    [Fact]
    public void EveryPrefixOfASectorsVersionsMaySurvive()
    {
        ImageFile file = _history.Wrap(_first);
        for (byte version = 1; version <= 3; version++)
        {
            file.Write([version], 7);
        }

        file.Grow(5000);
        HashSet<(byte, long)> seen = [];
        FailuresOf(
            folder =>
            {
                byte[] bytes = File.ReadAllBytes(Path.Combine(folder, "first"));
                return seen.Add((bytes[7], bytes.Length));
            },
            PowerCut.SectorUnit,
            onlyAt: 4);
        Assert.Equal(8, seen.Count);
    }

    [Fact]
    public void AFailedBarrierLosesForGood()
    {
        ImageFile file = _history.Wrap(_first);
        WriteBlock(file, 1);
        ((RecordingFile)file).FailBarrier(seed: 4);
        file.Barrier();
        WritePointer(file, 1);
        file.Barrier();
        Assert.True(FailuresOf(PointsToWhole, PowerCut.SectorUnit, onlyAt: _history.Count) > 0);
    }

    [Fact]
    public void APunchMayOrMayNotHaveHappened()
    {
        ImageFile file = _history.Wrap(_first);
        WriteBlock(file, 1);
        file.Barrier();
        file.PunchHole(BlockBytes, BlockBytes);
        HashSet<string> seen = [];
        FailuresOf(
            folder => seen.Add(string.Concat(Enumerable.Range(0, 4).Select(
                i => Patch.ReadBytes(Path.Combine(folder, "first"), BlockBytes + (i * 512), 1)[0]))),
            PowerCut.SectorUnit,
            onlyAt: _history.Count);
        Assert.Equal(16, seen.Count);
    }

    [Fact]
    public void CasesDoNotDependOnTheOnesBefore()
    {
        ImageFile file = _history.Wrap(_first);
        var workload = new SplitMix(5);
        for (int i = 0; i < 60; i++)
        {
            switch (workload.NextBelow(5))
            {
                case 0:
                    file.Barrier();
                    break;
                case 1:
                    file.Truncate(workload.NextBelow(20_000));
                    break;
                case 2:
                    file.PunchHole(workload.NextBelow(9000), workload.NextBelow(5000));
                    break;
                default:
                    byte[] bytes = new byte[workload.NextBelow(3000)];
                    bytes.AsSpan().Fill((byte)(i + 1));
                    file.Write(bytes, workload.NextBelow(9000));
                    break;
            }
        }

        string fresh = Directory.CreateDirectory(_folder["fresh"]).FullName;
        using var used = new PowerCut(_history, _folder["cut"]);
        var random = new SplitMix(6);
        for (int point = 0; point < _history.Count; point++)
        {
            used.Advance();
            List<PendingPart> parts = used.Pending();
            foreach (int[] surviving in Survivals.Sample(parts, 6, random.Next()))
            {
                used.Rebuild(parts, surviving);
                using var alone = new PowerCut(_history, fresh);
                for (int i = 0; i <= point; i++)
                {
                    alone.Advance();
                }

                alone.Rebuild(alone.Pending(), surviving);
                Assert.Equal(
                    File.ReadAllBytes(Path.Combine(fresh, "first")),
                    File.ReadAllBytes(Path.Combine(_folder["cut"], "first")));
            }
        }
    }

    /// <summary>All cut points, or one; all combinations at each. How many the check refuses.</summary>
    int FailuresOf(Func<string, bool> check, int unitBytes, int onlyAt = -1)
    {
        int failures = 0;
        using var cut = new PowerCut(_history, _folder["cut"], unitBytes);
        for (int point = 0; point <= _history.Count; point++)
        {
            if (point > 0)
            {
                cut.Advance();
            }

            if (onlyAt >= 0 && point != onlyAt)
            {
                continue;
            }

            List<PendingPart> parts = cut.Pending();
            foreach (int[] surviving in Survivals.Of(parts, seed: 1))
            {
                cut.Rebuild(parts, surviving);
                failures += check(_folder["cut"]) ? 0 : 1;
            }
        }

        return failures;
    }

    static void WriteBlock(ImageFile file, int block)
    {
        byte[] bytes = new byte[BlockBytes];
        bytes.AsSpan().Fill((byte)block);
        file.Write(bytes, block * BlockBytes);
    }

    static void WritePointer(ImageFile file, byte block) => file.Write([block], 0);

    static void WritePointer(ImageFile file, int block) => WritePointer(file, (byte)block);

    static bool PointsToWhole(string folder) => IsWhole(folder, "first");

    static bool PointsToWholeInSecond(string folder) => IsWhole(folder, "second");

    static bool IsWhole(string folder, string blocks)
    {
        byte block = File.ReadAllBytes(Path.Combine(folder, "first"))[0];
        byte[] bytes = File.ReadAllBytes(Path.Combine(folder, blocks));
        int start = block * BlockBytes;
        return block == 0 || (bytes.Length >= start + BlockBytes
            && !bytes.AsSpan(start, BlockBytes).ContainsAnyExcept(block));
    }
}
