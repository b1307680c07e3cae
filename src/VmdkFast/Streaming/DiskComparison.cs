using System.Runtime.ExceptionServices;
using VmdkFast.Extents;
using VmdkFast.Opening;
using VmdkFast.Reading;

namespace VmdkFast.Streaming;

/// <summary>One of two disks that are compared: where it comes from, and how it is read.</summary>
readonly record struct ComparedDisk(OpenedImage Image, DiskReader Reader)
{
    internal Layer Top => Image.Top;
}

/// <summary>
/// Finds the first byte in which two disks differ, with several threads, and reads no more than it must.
/// </summary>
sealed class DiskComparison(
    ComparedDisk first, ComparedDisk second, VmdkCompareOptions options, IProgress<VmdkProgress>? listener)
{
    const int PiecesPerThread = 2;

    readonly PieceProgress _progress = new(Math.Max(first.Top.LengthBytes, second.Top.LengthBytes), listener);
    readonly CommonWalk _walk = new(first.Top, second.Top, options.Strict);

    readonly Lock _lock = new();

    // Pieces are taken in order: once a difference is known, all that is not taken yet lies above it. A place that
    // cannot be read ends the search in the same way: the lowest event counts, whatever the threads.
    long _lowestBytes = long.MaxValue;
    VmdkException? _lowestFailure;

    /// <summary>Runs until the first difference is certain.</summary>
    internal VmdkComparison Run(CancellationToken cancellationToken)
    {
        long firstBytes = first.Top.LengthBytes;
        long secondBytes = second.Top.LengthBytes;
        if (options.Strict && firstBytes != secondBytes)
        {
            return new VmdkComparison(VmdkDifference.Length, null, firstBytes, secondBytes);
        }

        var firstFiles = new UnchangedFiles(first.Image);
        var secondFiles = new UnchangedFiles(second.Image);
        int threads = options.EffectiveThreads;
        IEnumerable<ComparedPiece> pieces =
            Enumerable.Range(0, threads * PiecesPerThread).Select(_ => new ComparedPiece());
        new WorkPipeline<ComparedPiece>(pieces, TryTake, Compare, deliver: null).Run(threads, cancellationToken);
        firstFiles.ThrowIfChanged();
        secondFiles.ThrowIfChanged();
        if ((_lowestBytes == long.MaxValue ? _walk.Failure : _lowestFailure) is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        _progress.Complete();
        return _lowestBytes != long.MaxValue
            ? new VmdkComparison(VmdkDifference.Content, _lowestBytes, firstBytes, secondBytes)
            : _walk.MismatchBytes is { } mismatchBytes
                ? new VmdkComparison(VmdkDifference.Allocation, mismatchBytes, firstBytes, secondBytes)
                : new VmdkComparison(VmdkDifference.None, null, firstBytes, secondBytes);
    }

    bool TryTake(ComparedPiece piece) =>
        Volatile.Read(ref _lowestBytes) == long.MaxValue && _walk.TryTake(piece);

    void Compare(ComparedPiece piece)
    {
        long readBytes = 0;
        foreach (ComparedStretch stretch in piece.Stretches)
        {
            if (stretch.OffsetBytes >= Volatile.Read(ref _lowestBytes))
            {
                break;
            }

            if (Settle(stretch, piece))
            {
                break;
            }

            readBytes += stretch.LengthBytes;
        }

        _progress.Add(piece.CoveredBytes, readBytes);
    }

    int FindDifference(in ComparedStretch stretch, ComparedPiece piece)
    {
        Span<byte> one = piece.First.AsSpan(0, stretch.LengthBytes);
        Span<byte> other = piece.Second.AsSpan(0, stretch.LengthBytes);
        if (CommonWalk.IsZero(stretch.First))
        {
            second.Reader.CarryOut(stretch.Second, other);
            return other.IndexOfAnyExcept((byte)0);
        }

        first.Reader.CarryOut(stretch.First, one);
        if (CommonWalk.IsZero(stretch.Second))
        {
            return one.IndexOfAnyExcept((byte)0);
        }

        second.Reader.CarryOut(stretch.Second, other);
        int same = one.CommonPrefixLength(other);
        return same == one.Length ? -1 : same;
    }

    // Whether a stretch ends the search.
    bool Settle(in ComparedStretch stretch, ComparedPiece piece)
    {
        try
        {
            int at = FindDifference(stretch, piece);
            if (at >= 0)
            {
                Note(stretch.OffsetBytes + at, null);
            }

            return at >= 0;
        }
        catch (VmdkException failure)
        {
            Note(stretch.OffsetBytes, failure);
            return true;
        }
    }

    void Note(long offsetBytes, VmdkException? failure)
    {
        lock (_lock)
        {
            if (offsetBytes < _lowestBytes)
            {
                _lowestFailure = failure;
                Volatile.Write(ref _lowestBytes, offsetBytes);
            }
        }
    }
}
