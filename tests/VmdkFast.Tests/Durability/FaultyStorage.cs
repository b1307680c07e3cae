using VmdkFast.Storage;
using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.Durability;

/// <summary>
/// The hardware below all files of an image: counts their calls, lets one kind of call fail from the n-th on, and
/// keeps a history of what really got through.
/// </summary>
sealed class FaultyStorage(RecordedHistory history)
{
    readonly Lock _lock = new();
    readonly long[] _calls = new long[6];
    (StorageCall Call, long Number, FaultKind Kind, ulong Seed)? _fault;

    /// <summary>Calls that have failed.</summary>
    internal int Failures { get; private set; }

    /// <summary>A range of a file that cannot be read, as of a bad sector.</summary>
    internal (string Name, ByteRange Range)? Unreadable { get; set; }

    internal RecordedHistory History => history;

    /// <summary>How often a call was made.</summary>
    internal long CallsOf(StorageCall call)
    {
        lock (_lock)
        {
            return _calls[(int)call];
        }
    }

    /// <summary>Lets the n-th call of a kind fail, counted from now, 0 for the next.</summary>
    /// <param name="call">Which kind of call.</param>
    /// <param name="after">Calls that still succeed.</param>
    /// <param name="kind">How.</param>
    /// <param name="seed">Decides how much of a short write gets in, and what a failed barrier loses.</param>
    internal void Fail(StorageCall call, long after, FaultKind kind, ulong seed = 1)
    {
        lock (_lock)
        {
            _fault = (call, _calls[(int)call] + after, kind, seed);
        }
    }

    /// <summary>Everything works again: space was made, the cable is back.</summary>
    internal void Repair()
    {
        lock (_lock)
        {
            _fault = null;
        }
    }

    /// <summary>A double in the place of a file.</summary>
    internal ImageFile Wrap(LocalFile file) => new Double(this, history.Wrap(file));

    FaultKind? Happens(StorageCall call)
    {
        lock (_lock)
        {
            long number = _calls[(int)call]++;
            if (_fault is not { } fault || fault.Call != call || number < fault.Number
                || (fault.Kind == FaultKind.ErrorOnce && number > fault.Number))
            {
                return null;
            }

            Failures++;
            return fault.Kind;
        }
    }

    sealed class Double(FaultyStorage storage, RecordingFile inner) : WrappingFile(inner)
    {
        internal override int Read(Span<byte> destination, long offsetBytes)
        {
            ThrowIfUnreadable(offsetBytes, destination.Length);
            ThrowIf(storage.Happens(StorageCall.Read), offsetBytes);
            return base.Read(destination, offsetBytes);
        }

        internal override bool TryReadWithoutWaiting(Span<byte> destination, long offsetBytes) => false;

        internal override void Write(ReadOnlySpan<byte> source, long offsetBytes)
        {
            FaultKind? fault = storage.Happens(StorageCall.Write);
            if (fault == FaultKind.NoSpace && source.Length > Sector.Bytes)
            {
                // Some got in, in whole sectors: a half one is nobody's content, and the oracle could not judge it.
                var random = new SplitMix(storage._fault?.Seed ?? 1);
                base.Write(source[..((int)random.NextBelow(source.Length / Sector.Bytes) * Sector.Bytes)], offsetBytes);
            }

            ThrowIf(fault, offsetBytes);
            base.Write(source, offsetBytes);
        }

        internal override void Grow(long lengthBytes)
        {
            ThrowIf(storage.Happens(StorageCall.Grow), null);
            base.Grow(lengthBytes);
        }

        internal override void Truncate(long lengthBytes)
        {
            ThrowIf(storage.Happens(StorageCall.Truncate), null);
            base.Truncate(lengthBytes);
        }

        internal override void PunchHole(long offsetBytes, long lengthBytes)
        {
            ThrowIf(storage.Happens(StorageCall.Punch), offsetBytes);
            base.PunchHole(offsetBytes, lengthBytes);
        }

        internal override void Barrier()
        {
            if (storage.Happens(StorageCall.Barrier) is { } fault)
            {
                inner.FailBarrier(storage._fault?.Seed ?? 1);
                ThrowIf(fault, null);
            }

            base.Barrier();
        }

        void ThrowIf(FaultKind? fault, long? offsetBytes)
        {
            if (fault is { } kind)
            {
                throw new VmdkException(
                    VmdkErrorCode.InputOutput, Path, "injected", offsetBytes,
                    found: kind == FaultKind.NoSpace ? "No space left on device (28)" : "Input/output error (5)");
            }
        }

        void ThrowIfUnreadable(long offsetBytes, int lengthBytes)
        {
            if (storage.Unreadable is { } bad && bad.Name == System.IO.Path.GetFileName(Path)
                && offsetBytes < bad.Range.EndBytes && offsetBytes + lengthBytes > bad.Range.StartBytes)
            {
                throw new VmdkException(
                    VmdkErrorCode.InputOutput, Path, "injected", Math.Max(offsetBytes, bad.Range.StartBytes),
                    found: "Input/output error (5)");
            }
        }
    }
}
