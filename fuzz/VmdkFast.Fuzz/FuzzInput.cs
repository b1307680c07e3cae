using System.Buffers.Binary;

namespace VmdkFast.Fuzz;

/// <summary>Takes numbers off the front of an input; behind its end there are zeros.</summary>
/// <remarks>Zero is everywhere the harmless choice, so an empty input is the sample as it stands.</remarks>
ref struct FuzzInput(ReadOnlySpan<byte> bytes)
{
    ReadOnlySpan<byte> _rest = bytes;

    /// <summary>What has not been taken.</summary>
    internal readonly ReadOnlySpan<byte> Rest => _rest;

    internal readonly bool IsEmpty => _rest.IsEmpty;

    internal byte TakeByte() => (byte)Take(sizeof(byte));

    internal ushort TakeUInt16() => (ushort)Take(sizeof(ushort));

    internal ulong TakeUInt64() => Take(sizeof(ulong));

    /// <summary>A number below <paramref name="count"/>, of one byte or two as needed.</summary>
    internal int TakeBelow(int count) => (int)(Take(count <= byte.MaxValue + 1 ? 1 : 2) % (ulong)count);

    /// <summary>The next bytes, fewer at the end.</summary>
    internal ReadOnlySpan<byte> TakeBytes(int count)
    {
        count = Math.Min(count, _rest.Length);
        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    ulong Take(int sizeBytes)
    {
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        number.Clear();
        TakeBytes(sizeBytes).CopyTo(number);
        return BinaryPrimitives.ReadUInt64LittleEndian(number);
    }
}
