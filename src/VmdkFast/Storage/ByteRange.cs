namespace VmdkFast.Storage;

/// <summary>Bytes from <paramref name="StartBytes"/> up to, not including, <paramref name="EndBytes"/>.</summary>
readonly record struct ByteRange(long StartBytes, long EndBytes)
{
    internal long LengthBytes => EndBytes - StartBytes;
}
