using VmdkFast.Storage;
using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.Durability;

/// <summary>Passes everything on and writes down what changes the file.</summary>
sealed class RecordingFile(ImageFile inner, RecordedHistory history, int index) : WrappingFile(inner)
{
    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes)
    {
        var change = new FileChange
        {
            Kind = ChangeKind.Write,
            File = index,
            OffsetBytes = offsetBytes,
            LengthBytes = source.Length,
            Bytes = source.ToArray(),
        };
        history.Append(change);
        base.Write(source, offsetBytes);
        history.Complete(change);
    }

    internal override void Grow(long lengthBytes)
    {
        FileChange change = Note(ChangeKind.Grow, 0, lengthBytes);
        base.Grow(lengthBytes);
        history.Complete(change);
    }

    internal override void Truncate(long lengthBytes)
    {
        FileChange change = Note(ChangeKind.Truncate, 0, lengthBytes);
        base.Truncate(lengthBytes);
        history.Complete(change);
    }

    internal override void PunchHole(long offsetBytes, long lengthBytes)
    {
        FileChange change = Note(ChangeKind.Punch, offsetBytes, lengthBytes);
        base.PunchHole(offsetBytes, lengthBytes);
        history.Complete(change);
    }

    internal override void Barrier()
    {
        long startedAt = history.Now();
        base.Barrier();
        history.Append(new FileChange { Kind = ChangeKind.Barrier, File = index, StartedAt = startedAt });
    }

    /// <summary>A barrier fails on this file, and the system forgets that anything was pending.</summary>
    internal void FailBarrier(ulong seed) => history.Append(
        new FileChange { Kind = ChangeKind.FailedBarrier, File = index, Seed = seed });

    FileChange Note(ChangeKind kind, long offsetBytes, long lengthBytes)
    {
        var change = new FileChange
        {
            Kind = kind,
            File = index,
            OffsetBytes = offsetBytes,
            LengthBytes = lengthBytes,
        };
        history.Append(change);
        return change;
    }
}
