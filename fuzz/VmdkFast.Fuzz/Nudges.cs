using System.Buffers.Binary;
using System.Numerics;

namespace VmdkFast.Fuzz;

/// <summary>Changes single numbers of a valid image, as an input says: its structure stays otherwise.</summary>
static class Nudges
{
    const int MaxNudges = 8;

    /// <summary>Ways to change a number.</summary>
    internal const int Ways = 10;

    /// <summary>
    /// Takes a count, then for each nudge a place and a way; then one byte for the file's length.
    /// </summary>
    /// <returns>The changed file; an input of zeros gives the sample as it stands.</returns>
    internal static byte[] Apply(SampleImage sample, PlaceGroup groups, scoped ref FuzzInput input)
    {
        byte[] bytes = sample.Bytes.ToArray();
        FieldPlace[] places = [.. sample.Places(groups)];
        int count = places.Length == 0 ? 0 : input.TakeByte() % (MaxNudges + 1);
        for (int i = 0; i < count; i++)
        {
            FieldPlace place = places[input.TakeBelow(places.Length)];
            ulong value = Value(bytes, places, place, ref input);
            Write(bytes, place, value);
        }

        return Resize(bytes, ref input);
    }

    static ulong Value(ReadOnlySpan<byte> bytes, FieldPlace[] places, FieldPlace place, scoped ref FuzzInput input)
    {
        ulong old = Read(bytes, place);
        ulong sectors = (ulong)bytes.Length / Sector.Bytes;
        ulong[] interesting = FuzzDictionary.InterestingValues(place.Unit);
        return (input.TakeByte() % Ways) switch
        {
            0 => 0,
            1 => ulong.MaxValue,
            2 => old + 1,
            3 => old - 1,
            4 => old ^ (1UL << (input.TakeByte() % (place.SizeBytes * 8))),
            5 => Read(bytes, places[input.TakeBelow(places.Length)]),
            6 => interesting[input.TakeBelow(interesting.Length)],
            7 => sectors - input.TakeByte(),
            8 => BitOperations.RotateLeft(old, 8),
            _ => input.TakeUInt64(),
        };
    }

    static byte[] Resize(byte[] bytes, scoped ref FuzzInput input) => (input.TakeByte() % 4) switch
    {
        1 => bytes[..(bytes.Length * input.TakeByte() / (byte.MaxValue + 1))],
        2 => bytes[..^Math.Min(bytes.Length, input.TakeUInt16())],
        3 => [.. bytes, .. new byte[input.TakeByte() * (Sector.Bytes / 4)]],
        _ => bytes,
    };

    static ulong Read(ReadOnlySpan<byte> bytes, FieldPlace place)
    {
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        number.Clear();
        bytes.Slice(place.OffsetBytes, place.SizeBytes).CopyTo(number);
        return BinaryPrimitives.ReadUInt64LittleEndian(number);
    }

    static void Write(Span<byte> bytes, FieldPlace place, ulong value)
    {
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(number, value);
        number[..place.SizeBytes].CopyTo(bytes[place.OffsetBytes..]);
    }
}
