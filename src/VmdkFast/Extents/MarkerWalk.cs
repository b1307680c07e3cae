using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Extents;

/// <summary>
/// From marker to marker through a stream that lies in a file, without looking at its directory or its tables.
/// </summary>
/// <remarks>
/// Ends at the end-of-stream marker, at the end of the file, or at the first thing that cannot be a marker of this
/// stream. What a marker announces is in the file, to its last byte.
/// </remarks>
/// <param name="file">The file; its length bounds the walk.</param>
/// <param name="shape">What its header says.</param>
/// <param name="startBytes">Where the first marker is: behind the header's overhead.</param>
sealed class MarkerWalk(ImageFile file, StreamShape shape, long startBytes)
{
    long _nextBytes = startBytes;

    /// <summary>Where the current marker begins; after the walk, where it ended.</summary>
    internal long OffsetBytes { get; private set; } = startBytes;

    internal long FileLengthBytes => file.LengthBytes;

    /// <summary>The current marker.</summary>
    internal StreamMarker Marker { get; private set; }

    /// <summary>Whether the walk has come to the end-of-stream marker.</summary>
    internal bool MetEndOfStream { get; private set; }

    /// <summary>Why the walk ended before an end-of-stream marker, as text; null when it did not.</summary>
    internal string? Problem { get; private set; }

    /// <summary>Goes to the next marker; false when there is none. An end-of-stream marker is not given.</summary>
    internal bool MoveNext()
    {
        if (MetEndOfStream || Problem is not null)
        {
            return false;
        }

        OffsetBytes = _nextBytes;
        long leftBytes = file.LengthBytes - OffsetBytes;
        Span<byte> head = stackalloc byte[StreamMarker.HeadBytes];
        if (leftBytes <= 0 || file.Read(head, OffsetBytes) < head.Length)
        {
            Problem = leftBytes <= 0
                ? "the file ends without an end-of-stream marker"
                : "the file ends inside a marker";
            return false;
        }

        var marker = StreamMarker.Read(head);
        if (shape.FaultOf(marker) is { } fault)
        {
            Problem = $"no marker of this stream: {fault.Field} is {fault.Found}, wanted {fault.Wanted}";
            return false;
        }

        if (marker.NeededBytes > leftBytes)
        {
            Problem = marker.IsGrain
                ? "the file ends inside a compressed grain"
                : $"the file ends inside what a marker of type {(uint)marker.Type} announces";
            return false;
        }

        Marker = marker;
        MetEndOfStream = !marker.IsGrain && marker.Type == MarkerType.EndOfStream;
        _nextBytes = OffsetBytes + marker.StrideBytes;
        return !MetEndOfStream;
    }
}
