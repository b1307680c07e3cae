using VmdkFast.Storage;
using Xunit;

namespace VmdkFast.Tests.Durability;

/// <summary>Calls that fail: each call of a workload in turn, in each way, on several kinds of image.</summary>
public sealed class InjectedFaultTests
{
    // Every call of the first requests, then every seventh: all of them would say the same more slowly.
    const int DenseCalls = 40;
    const int SparseStep = 7;

    public static TheoryData<string> Subjects =>
        ["sparse", "sparse-zero-grains", "sparse-tables-absent", "split", "flat", "cowd", "child", "stream"];

    [Theory]
    [MemberData(nameof(Subjects))]
    public void AfterAWriteErrorTheDiskGoesOn(string subject) => ForEachCall(
        subject, StorageCall.Write, FaultKind.ErrorOnce, (session, place) => session.EndWell(place));

    [Theory]
    [MemberData(nameof(Subjects))]
    public void AFullDiskIsUsableAgainOnceThereIsRoom(string subject)
    {
        ForEachCall(subject, StorageCall.Write, FaultKind.NoSpace, (session, place) => session.EndWell(place));
        ForEachCall(subject, StorageCall.Grow, FaultKind.NoSpace, (session, place) => session.EndWell(place));
    }

    [Theory]
    [MemberData(nameof(Subjects))]
    public void ADeviceThatIsGoneKeepsWhatWasFlushed(string subject) => ForEachCall(
        subject, StorageCall.Write, FaultKind.ErrorForever, (session, place) => session.EndBadly(place));

    [Theory]
    [MemberData(nameof(Subjects))]
    public void AFailedBarrierEndsTheWritingAndNothingElse(string subject)
    {
        ForEachCall(subject, StorageCall.Barrier, FaultKind.ErrorOnce, Lost);
        ForEachCall(subject, StorageCall.Barrier, FaultKind.NoSpace, Lost);

        static void Lost(FaultySession session, string place)
        {
            session.AssertLost(place);
            session.EndBadly(place);
        }
    }

    [Theory]
    [MemberData(nameof(Subjects))]
    public void AReadErrorIsSaidAndForgotten(string subject) => ForEachCall(
        subject, StorageCall.Read, FaultKind.ErrorOnce, (session, place) => session.EndWell(place));

    [Fact]
    public void AnUnreadableSectorTakesNothingElseWithIt()
    {
        using var session = new FaultySession(CutSubject.Named("flat"));
        var bad = new ByteRange(5 * Sector.Bytes, 6 * Sector.Bytes);
        session.Storage.Unreadable = ("disk-flat.vmdk", bad);
        byte[] sector = new byte[Sector.Bytes];
        VmdkException failure = Assert.Throws<VmdkException>(() => session.Disk.Read(sector, bad.StartBytes));
        Assert.Equal((VmdkErrorCode.InputOutput, bad.StartBytes), (failure.Code, failure.OffsetBytes));
        Assert.Equal(Sector.Bytes, session.Disk.Read(sector, bad.EndBytes));
        session.Storage.Unreadable = null;
        Assert.Equal(Sector.Bytes, session.Disk.Read(sector, bad.StartBytes));
        session.EndWell("unreadable sector");
    }

    static void ForEachCall(
        string subject, StorageCall call, FaultKind kind, Action<FaultySession, string> end)
    {
        long calls;
        using (var counting = new FaultySession(CutSubject.Named(subject)))
        {
            counting.Run();
            counting.EndWell("no fault");
            calls = counting.Storage.CallsOf(call) - counting.CallsAtOpen(call);
        }

        for (long number = 0; number < calls; number += number < DenseCalls ? 1 : SparseStep)
        {
            using var session = new FaultySession(CutSubject.Named(subject));
            session.Storage.Fail(call, number, kind, (ulong)number + 1);
            session.Run();
            if (session.Storage.Failures > 0)
            {
                end(session, $"{subject}, {kind} at {call} {number}");
            }
            else
            {
                // The fault lies in the closing.
                session.EndBadly($"{subject}, {kind} at {call} {number}, while closing");
            }
        }
    }
}
