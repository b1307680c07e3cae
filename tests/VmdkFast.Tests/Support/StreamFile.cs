using System.Buffers.Binary;

namespace VmdkFast.Tests.Support;

/// <summary>Appends markers, tables and compressed grains to a file, sector by sector, and plants damage.</summary>
sealed class StreamFile(string path, GuestSlice slice, StreamOptions options) : IDisposable
{
    public const uint EndOfStreamMarker = 0;
    public const uint TableMarker = 1;
    public const uint DirectoryMarker = 2;
    public const uint FooterMarker = 3;
    public const uint ProgressMarker = 4;

    readonly byte[] _grain = new byte[options.GrainSectors * 512];
    long _truncateAtBytes = -1;
    int _grainsWritten;

    public SectorFile File { get; } = new(path);

    /// <summary>Where the next structure goes.</summary>
    public long NextSector { get; set; }

    /// <summary>Appends whole sectors.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        File.WriteSectors(NextSector, bytes);
        NextSector += SparseTables.RoundUp(bytes.Length, 512) / 512;
        File.SetLength(NextSector * 512);
    }

    public void AppendEntries(ReadOnlySpan<uint> entries)
    {
        File.WriteEntries(NextSector, entries);
        NextSector += SparseTables.RoundUp(entries.Length * 4L, 512) / 512;
        File.SetLength(NextSector * 512);
    }

    /// <summary>Appends the marker of a metadata structure that takes a number of sectors after it.</summary>
    public void AppendMarker(uint type, long sectors)
    {
        Span<byte> marker = stackalloc byte[512];
        marker.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(marker, (ulong)sectors);
        BinaryPrimitives.WriteUInt32LittleEndian(marker[12..], type);
        Append(marker);
    }

    /// <summary>Appends a marker of type 4: numSectors 0, and the sectors done so far at byte 16.</summary>
    public void AppendProgress(long sectorsDone)
    {
        Span<byte> marker = stackalloc byte[512];
        marker.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(marker[12..], ProgressMarker);
        BinaryPrimitives.WriteUInt64LittleEndian(marker[16..], (ulong)sectorsDone);
        Append(marker);
    }

    /// <summary>Appends a grain and returns the sector that its table entry names.</summary>
    public uint AppendGrain(long grain)
    {
        if (options.ProgressEvery > 0 && _grainsWritten > 0 && _grainsWritten % options.ProgressEvery == 0)
        {
            AppendProgress(grain * options.GrainSectors);
        }

        StreamDamage damage = _grainsWritten == options.DamagedGrain ? options.Damage : StreamDamage.None;
        byte[] payload = Payload(grain, damage);
        uint size = (uint)payload.Length;
        size = damage.HasFlag(StreamDamage.ZeroSize) ? 0 : size;
        size = damage.HasFlag(StreamDamage.HugeSize) ? 0xFFFFFFF0 : size;
        int prefix = options.Markers ? 12 : 4;
        byte[] record = new byte[SparseTables.RoundUp(prefix + payload.Length, 512)];
        if (options.Markers)
        {
            long lba = (damage.HasFlag(StreamDamage.WrongLba) ? grain + 1 : grain) * options.GrainSectors;
            BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)lba);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(prefix - 4), size);
        payload.CopyTo(record, prefix);
        if (damage.HasFlag(StreamDamage.Truncated))
        {
            _truncateAtBytes = (NextSector * 512) + prefix + (payload.Length / 2);
        }

        uint sector = checked((uint)NextSector);
        Append(record);
        _grainsWritten++;
        return sector;
    }

    /// <summary>Pads or cuts the file to its final length.</summary>
    public void Finish()
    {
        if (options.Damage != StreamDamage.None && options.DamagedGrain >= _grainsWritten)
        {
            throw new ArgumentException($"There is no grain {options.DamagedGrain} to damage.");
        }

        File.SetLength(
            _truncateAtBytes >= 0 ? _truncateAtBytes : SparseTables.RoundUp(NextSector * 512, options.PadFileBytes));
    }

    public void Dispose() => File.Dispose();

    byte[] Payload(long grain, StreamDamage damage)
    {
        slice.Read(grain * _grain.Length, _grain);
        int length = _grain.Length;
        if (options.ShortLastGrain)
        {
            length = (int)Math.Min(length, slice.LengthBytes - (grain * _grain.Length));
        }

        byte[] data = _grain[..length];
        if (damage.HasFlag(StreamDamage.ShortData))
        {
            data = data[..(length / 2)];
        }
        else if (damage.HasFlag(StreamDamage.LongData))
        {
            data = [.. data, .. data, .. data, .. data];
        }

        byte[] payload = GrainDeflater.Deflate(data, options.Level, options.StoredBlockBytes);
        if (damage.HasFlag(StreamDamage.DeflateGarbage))
        {
            payload[2] = 7; // Last block, type 3, which RFC 1951 reserves.
        }

        if (damage.HasFlag(StreamDamage.BadChecksum))
        {
            payload[^1] ^= 0xFF;
        }

        return payload;
    }
}
