using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace VmdkFast.Tests.Support;

/// <summary>A new file that is written at sectors; what is never written stays a hole.</summary>
public sealed class SectorFile : IDisposable
{
    readonly SafeFileHandle _handle;

    /// <param name="path">Where; an existing file is replaced, unless <paramref name="keep"/>.</param>
    /// <param name="keep">Goes on with a file that exists.</param>
    public SectorFile(string path, bool keep = false) =>
        _handle = File.OpenHandle(path, keep ? FileMode.OpenOrCreate : FileMode.Create, FileAccess.ReadWrite);

    public long LengthBytes => RandomAccess.GetLength(_handle);

    public void SetLength(long lengthBytes) => RandomAccess.SetLength(_handle, lengthBytes);

    public void WriteBytes(long offsetBytes, ReadOnlySpan<byte> bytes) =>
        RandomAccess.Write(_handle, bytes, offsetBytes);

    public void WriteSectors(long sector, ReadOnlySpan<byte> bytes) => WriteBytes(sector * 512, bytes);

    /// <summary>Writes little-endian 32-bit entries from the start of a sector.</summary>
    public void WriteEntries(long sector, ReadOnlySpan<uint> entries)
    {
        byte[] bytes = new byte[entries.Length * 4];
        for (int i = 0; i < entries.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * 4), entries[i]);
        }

        WriteSectors(sector, bytes);
    }

    public void Dispose() => _handle.Dispose();
}
