using System.Runtime.InteropServices;
using VmdkFast.Caching;

namespace VmdkFast.Writing;

/// <summary>Metadata copied at one moment, to be written behind the barrier of the data that it points to.</summary>
/// <remarks>
/// The copies are what makes the order right: a table written as it is after the barrier could carry an entry whose
/// grain the barrier did not cover.
/// </remarks>
sealed class FlushBatch
{
    const int MaxWriteBytes = 1 << 20;

    readonly List<Piece> _pieces = [];
    readonly List<(SparseTables Owner, Table Table, uint Sectors)> _tables = [];
    readonly List<Action> _undo = [];

    readonly record struct Piece(WriteFile File, long OffsetBytes, byte[] Bytes, int Rank);

    /// <summary>Grains that the copied tables no longer point to.</summary>
    internal List<(SparseWriter Owner, uint Sector)> Freed { get; } = [];

    internal bool IsEmpty => _pieces.Count == 0;

    /// <summary>Bytes for a place in a file. Tables have rank 0, directories that point to them rank 1.</summary>
    internal void Add(WriteFile file, long offsetBytes, byte[] bytes, int rank = 0) =>
        _pieces.Add(new Piece(file, offsetBytes, bytes, rank));

    /// <summary>A table whose dirty bits were taken; it is given back when writing fails.</summary>
    internal void Add(SparseTables owner, Table table, uint sectors) => _tables.Add((owner, table, sectors));

    /// <summary>What else is to be taken back when writing fails.</summary>
    internal void OnFailure(Action undo) => _undo.Add(undo);

    /// <summary>Writes all pieces, neighbours in one call.</summary>
    internal void Write()
    {
        try
        {
            foreach (IGrouping<(int Rank, WriteFile File), Piece> group in
                _pieces.GroupBy(piece => (piece.Rank, piece.File)).OrderBy(group => group.Key.Rank))
            {
                WriteMerged(group.Key.File, [.. group.OrderBy(piece => piece.OffsetBytes)]);
            }
        }
        catch
        {
            GiveBack();
            throw;
        }

        foreach ((_, Table table, _) in _tables)
        {
            lock (table)
            {
                table.Flushing = false;
            }
        }
    }

    /// <summary>Nothing was written: the tables are as dirty as before, and a further flush can try again.</summary>
    internal void GiveBack()
    {
        foreach ((SparseTables owner, Table table, uint sectors) in _tables)
        {
            lock (table)
            {
                table.Flushing = false;
                if (table.MarkDirty(sectors))
                {
                    owner.NoteDirty(table);
                }
            }
        }

        foreach (Action undo in _undo)
        {
            undo();
        }
    }

    static void WriteMerged(WriteFile file, List<Piece> pieces)
    {
        for (int first = 0; first < pieces.Count;)
        {
            int next = first + 1;
            long endBytes = pieces[first].OffsetBytes + pieces[first].Bytes.Length;
            while (next < pieces.Count && pieces[next].OffsetBytes == endBytes
                && endBytes - pieces[first].OffsetBytes < MaxWriteBytes)
            {
                endBytes += pieces[next++].Bytes.Length;
            }

            ReadOnlySpan<byte> bytes = next == first + 1
                ? pieces[first].Bytes
                : Join(CollectionsMarshal.AsSpan(pieces)[first..next], (int)(endBytes - pieces[first].OffsetBytes));
            file.Write(bytes, pieces[first].OffsetBytes);
            first = next;
        }
    }

    static byte[] Join(ReadOnlySpan<Piece> pieces, int lengthBytes)
    {
        byte[] joined = GC.AllocateUninitializedArray<byte>(lengthBytes);
        int position = 0;
        foreach (Piece piece in pieces)
        {
            piece.Bytes.CopyTo(joined, position);
            position += piece.Bytes.Length;
        }

        return joined;
    }
}
