using System.IO.Hashing;
using System.Security.Cryptography;

namespace VmdkFast.Streaming;

/// <summary>The digest of a disk that comes in pieces, in order. For one thread at a time.</summary>
sealed class ContentDigest : IDisposable
{
    // Fits the first cache: a run of zeros is hashed as fast as the algorithm goes, and read from nowhere.
    static readonly byte[] s_zeros = new byte[16 << 10];

    readonly VmdkDigestAlgorithm _algorithm;
    readonly XxHash128? _xxHash;
    readonly IncrementalHash? _sha;
    long _lengthBytes;

    internal ContentDigest(VmdkDigestAlgorithm algorithm)
    {
        _algorithm = algorithm;
        if (algorithm == VmdkDigestAlgorithm.Sha256)
        {
            _sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        }
        else
        {
            _xxHash = new XxHash128();
        }
    }

    /// <summary>Bytes that count; what comes after them does not.</summary>
    internal long LimitBytes { get; init; } = long.MaxValue;

    /// <summary>Goes on with a piece that has been read.</summary>
    internal void Append(DiskPiece piece, CancellationToken cancellationToken)
    {
        long lengthBytes = Math.Min(piece.LengthBytes, LimitBytes - _lengthBytes);
        if (piece.IsZero)
        {
            AppendZeros(lengthBytes, cancellationToken);
        }
        else
        {
            Append(piece.Bytes[..(int)lengthBytes]);
        }
    }

    /// <summary>The digest of all that was appended.</summary>
    internal VmdkDigest Complete()
    {
        byte[] hash = _sha?.GetCurrentHash() ?? _xxHash!.GetCurrentHash();
        return new VmdkDigest(_algorithm, Convert.ToHexStringLower(hash), _lengthBytes);
    }

    /// <inheritdoc/>
    public void Dispose() => _sha?.Dispose();

    void Append(ReadOnlySpan<byte> bytes)
    {
        _sha?.AppendData(bytes);
        _xxHash?.Append(bytes);
        _lengthBytes += bytes.Length;
    }

    // Terabytes of them take minutes.
    void AppendZeros(long lengthBytes, CancellationToken cancellationToken)
    {
        for (long left = lengthBytes; left > 0; left -= s_zeros.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Append(s_zeros.AsSpan(0, (int)Math.Min(left, s_zeros.Length)));
        }
    }
}
