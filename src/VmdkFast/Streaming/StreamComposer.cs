using System.Buffers.Binary;
using VmdkFast.Creating;
using VmdkFast.Format;

namespace VmdkFast.Streaming;

/// <summary>Writes a streamOptimized image from its grains, which come in the order of the disk.</summary>
/// <remarks>Not thread-safe. A table is in memory from its first grain to its last.</remarks>
abstract class StreamComposer : IDisposable
{
    /// <summary>What the header of every stream says.</summary>
    internal const SparseFlags Flags = SparseFlags.NewlineTest | SparseFlags.Compressed | SparseFlags.Markers;

    readonly uint[] _entries = new uint[HostedLayout.TableEntries];
    readonly byte[] _table = new byte[HostedLayout.TableSectors * Sector.Bytes];
    readonly string _name;
    long _tableIndex = -1;
    long _endBytes;

    /// <param name="name">The target's name, for messages.</param>
    protected StreamComposer(string name) => _name = name;

    /// <summary>Where the image ends at present.</summary>
    protected long EndSector => _endBytes >> Sector.Shift;

    /// <summary>Writes everything in front of the first grain.</summary>
    internal abstract void Begin();

    /// <summary>Appends the grains of a piece that lies behind all before it.</summary>
    internal void Add(PackedPiece piece)
    {
        ReadOnlySpan<byte> stored = piece.Stored;
        int appended = 0;
        int position = 0;
        foreach (PackedPiece.StoredSize grain in piece.Grains)
        {
            long tableIndex = grain.GrainIndex / HostedLayout.TableEntries;
            if (tableIndex != _tableIndex)
            {
                Append(stored[appended..position]);
                appended = position;
                EndTable();
                _tableIndex = tableIndex;
            }

            _entries[(int)(grain.GrainIndex % HostedLayout.TableEntries)] =
                SectorOf(_endBytes + position - appended);
            position += grain.Sectors << Sector.Shift;
        }

        Append(stored[appended..]);
    }

    /// <summary>Writes everything behind the last grain.</summary>
    internal void End()
    {
        EndTable();
        WriteEnd();
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }

    /// <summary>Puts bytes at the end of the image.</summary>
    protected void Append(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            Write(bytes, _endBytes);
            _endBytes += bytes.Length;
        }
    }

    /// <summary>Goes on behind what <see cref="Begin"/> has made by other means.</summary>
    protected void ContinueAt(long endBytes) => _endBytes = endBytes;

    /// <summary>The number of a sector, as entries of tables and directories have it.</summary>
    /// <exception cref="VmdkException">It has more than 32 bits.</exception>
    protected uint SectorOf(long offsetBytes)
    {
        long sector = offsetBytes >> Sector.Shift;
        return sector <= uint.MaxValue
            ? (uint)sector
            : throw new VmdkException(
                VmdkErrorCode.LimitExceeded, _name, "the stream is too long: sectors have 32-bit numbers", offsetBytes,
                "sector", $"{sector}", $"at most {uint.MaxValue}");
    }

    /// <summary>Writes bytes whose place is the image's end.</summary>
    protected abstract void Write(ReadOnlySpan<byte> bytes, long offsetBytes);

    /// <summary>Writes a table that has all its grains.</summary>
    protected abstract void WriteTable(long tableIndex, ReadOnlySpan<byte> table);

    /// <summary>Writes what stands behind the last table.</summary>
    protected abstract void WriteEnd();

    void EndTable()
    {
        if (_tableIndex < 0)
        {
            return;
        }

        for (int i = 0; i < _entries.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_table.AsSpan(i * sizeof(uint)), _entries[i]);
        }

        WriteTable(_tableIndex, _table);
        _entries.AsSpan().Clear();
        _tableIndex = -1;
    }
}
