namespace VmdkFast.Compression;

/// <summary>The best codec for each work that this machine has.</summary>
sealed class BestCodec : GrainCodec
{
    readonly GrainCodec _usual = LibdeflateCodec.TryLoad() ?? (GrainCodec)ZlibCodec.Instance;
    readonly Lazy<GrainCodec?> _fastest = new(IsalCodec.TryLoad);

    internal static BestCodec Instance { get; } = new();

    internal override string Name => _usual.Name;

    internal override int Inflate(ReadOnlySpan<byte> source, Span<byte> destination) =>
        _usual.Inflate(source, destination);

    internal override int Deflate(ReadOnlySpan<byte> source, Span<byte> destination, VmdkCompression compression)
    {
        GrainCodec codec = compression == VmdkCompression.Fastest ? _fastest.Value ?? _usual : _usual;
        return codec.Deflate(source, destination, compression);
    }
}
