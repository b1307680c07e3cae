using System.Buffers.Binary;
using VmdkFast.Compression;

namespace VmdkFast.Fuzz;

/// <summary>Compressed grains: markers with fields changed, and zlib data of the mutator's own.</summary>
/// <remarks>
/// Input: sample, nudges, length, which grain; what is left becomes that grain's data, with its true length. The same
/// data goes through every codec of this machine, between guard pages: they must agree.
/// </remarks>
sealed class GrainsTarget : IFuzzTarget
{
    internal const string TargetName = "grains";

    const int MaxDataBytes = 1 << 20;
    const int MarkerBytes = 12;

    readonly FuzzFolder _folder = new();
    readonly SampleImage[] _samples = Samples.Streams();
    readonly GuardedMemory _data = new(MaxDataBytes);
    readonly GuardedMemory _grain = new(Samples.GrainBytes);
    readonly byte[] _other = new byte[Samples.GrainBytes];
    readonly GrainCodec[] _others =
        [.. new GrainCodec?[] { LibdeflateCodec.TryLoad(), IsalCodec.TryLoad() }.OfType<GrainCodec>()];

    public string Name => TargetName;

    public void Describe(FuzzDictionary dictionary)
    {
        // Heads of zlib, and of deflate's three kinds of blocks.
        dictionary.Add("zlib_fast", 0x0178, sizeof(ushort));
        dictionary.Add("zlib_default", 0x9c78, sizeof(ushort));
        dictionary.Add("zlib_small_window", 0x1d08, sizeof(ushort));
        dictionary.Add("stored_last", 0x01, sizeof(byte));
        dictionary.Add("fixed_last", 0x03, sizeof(byte));
        dictionary.Add("dynamic_last", 0x05, sizeof(byte));
        dictionary.Add("stored_empty", 0xffff_0000, sizeof(uint));
        dictionary.AddFields(nameof(Format.GrainMarker), Format.GrainMarker.Fields);
    }

    public void Run(ReadOnlySpan<byte> input)
    {
        var choices = new FuzzInput(input);
        SampleImage sample = _samples[choices.TakeBelow(_samples.Length)];
        byte[] image = Nudges.Apply(sample, PlaceGroup.Markers | PlaceGroup.Tables, ref choices);
        int grain = choices.TakeBelow(sample.Grains.Count + 1);
        ReadOnlySpan<byte> data = choices.Rest;
        if (data.Length is > 0 and <= MaxDataBytes)
        {
            CompareCodecs(data);
        }

        if (grain < sample.Grains.Count && !data.IsEmpty)
        {
            image = Plant(image, sample.Grains[grain], data);
        }

        new ImageReading(_folder).Run(image);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _data.Dispose();
        _grain.Dispose();
    }

    // The last grain of a file may be as long as it likes, others only as their room is.
    static byte[] Plant(byte[] image, int markerOffset, ReadOnlySpan<byte> data)
    {
        int dataOffset = markerOffset + MarkerBytes;
        if (dataOffset > image.Length)
        {
            return image;
        }

        int room = image.Length - dataOffset;
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(dataOffset - sizeof(uint)), (uint)data.Length);
        data[..Math.Min(room, data.Length)].CopyTo(image.AsSpan(dataOffset));
        return image;
    }

    void CompareCodecs(ReadOnlySpan<byte> data)
    {
        Span<byte> grain = _grain.AtEnd(Samples.GrainBytes);
        int produced = ZlibCodec.Instance.Inflate(_data.AtEnd(data), grain);
        if (produced > 0)
        {
            RoundTrip(grain[..produced]);
        }

        foreach (GrainCodec codec in _others)
        {
            int other = codec.Inflate(_data.AtStart(data), _other);
            DisagreementException.ThrowUnless(
                produced == other, $"zlib inflates {produced} bytes, {codec.Name} {other}");
            DisagreementException.ThrowUnless(
                produced < 0 || grain[..produced].SequenceEqual(_other.AsSpan(0, produced)),
                $"zlib and {codec.Name} inflate differently");
        }
    }

    // What inflates can be deflated again by every codec, into no more than its stored form.
    void RoundTrip(ReadOnlySpan<byte> content)
    {
        byte[] packed = new byte[StoredForm.LengthBytes(content.Length)];
        foreach (GrainCodec codec in _others.Append(ZlibCodec.Instance))
        {
            int length = codec.DeflateWithin(content, packed, VmdkCompression.Default);
            int again = ZlibCodec.Instance.Inflate(packed.AsSpan(0, length), _other);
            DisagreementException.ThrowUnless(
                again == content.Length && content.SequenceEqual(_other.AsSpan(0, again)),
                $"a grain changes in {codec.Name}");
        }
    }
}
