using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Xunit;

namespace VmdkFast.Tests.Streaming;

/// <summary>
/// What readers demand of an exported stream, rule by rule from docs/format.md and from the gates that look at uploads;
/// written without the library.
/// </summary>
sealed class ExportRules
{
    const int SectorBytes = 512;
    const int TableEntries = 512;
    const uint Flags = 0x30001;

    static readonly string[] s_headerKeys =
        ["version", "encoding", "CID", "parentCID", "createType", "parentFileNameHint"];

    readonly byte[] _file;
    readonly long _grainSectors;
    readonly long _capacitySectors;
    readonly SortedDictionary<long, byte[]> _grains = [];
    readonly Dictionary<long, uint> _tables = [];
    readonly uint[] _entries = new uint[TableEntries];
    long _tableIndex = -1;
    int _at;

    ExportRules(byte[] file)
    {
        _file = file;
        _capacitySectors = (long)U64(12);
        _grainSectors = (long)U64(20);
    }

    /// <summary>Fails at the first rule that an image breaks; otherwise its grains, inflated, by number.</summary>
    internal static SortedDictionary<long, byte[]> Check(byte[] file)
    {
        Assert.Equal(0, file.Length % SectorBytes);
        var rules = new ExportRules(file);
        rules.CheckHeader();
        rules.CheckDescriptor();
        while (rules.TakeGrainOrTable())
        {
        }

        rules.TakeEnd();
        return rules._grains;
    }

    void CheckHeader()
    {
        Assert.Equal("KDMV"u8, _file.AsSpan(0, 4));
        Assert.Equal(3u, U32(4));
        Assert.Equal(Flags, U32(8));
        Assert.True(_capacitySectors > 0);
        Assert.True(long.IsPow2(_grainSectors) && _grainSectors >= 8);
        Assert.Equal(1ul, U64(28));
        Assert.Equal((uint)TableEntries, U32(44));
        Assert.Equal(0ul, U64(48));
        Assert.Equal(ulong.MaxValue, U64(56));
        long overhead = (long)U64(64);
        long front = 1 + (long)U64(36);
        Assert.InRange(overhead, Math.Max(front, 128), long.MaxValue);
        Assert.Equal(0, overhead % _grainSectors);
        Assert.Equal(0, _file[72]);
        Assert.Equal("\n \r\n"u8, _file.AsSpan(73, 4));
        Assert.Equal(1, BinaryPrimitives.ReadUInt16LittleEndian(_file.AsSpan(77)));
        Assert.Equal(-1, _file.AsSpan(79, SectorBytes - 79).IndexOfAnyExcept((byte)0));
        Span<byte> room = _file.AsSpan((int)front * SectorBytes, (int)(overhead - front) * SectorBytes);
        Assert.Equal(-1, room.IndexOfAnyExcept((byte)0));
        _at = (int)overhead * SectorBytes;
    }

    void CheckDescriptor()
    {
        ReadOnlySpan<byte> area = _file.AsSpan(SectorBytes, (int)U64(36) * SectorBytes);
        int end = area.IndexOf((byte)0);
        Assert.Equal(-1, area[end..].IndexOfAnyExcept((byte)0));
        Assert.True(Ascii.IsValid(area[..end]));
        string[] lines = Encoding.ASCII.GetString(area[..end]).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("# Disk DescriptorFile", lines[0]);
        Assert.Contains("createType=\"streamOptimized\"", lines);
        int extents = 0;
        foreach (string line in lines.Where(line => !line.StartsWith('#')))
        {
            if (line.StartsWith("RDONLY ", StringComparison.Ordinal))
            {
                Assert.DoesNotContain('/', line);
                Assert.Equal($"{_capacitySectors}", line.Split(' ')[1]);
                Assert.Equal("SPARSE", line.Split(' ')[2]);
                extents++;
                continue;
            }

            string key = line.Split('=')[0].Trim();
            Assert.True(s_headerKeys.Contains(key) || key.StartsWith("ddb.", StringComparison.Ordinal), line);
        }

        Assert.Equal(1, extents);
    }

    bool TakeGrainOrTable()
    {
        ulong first = U64(_at);
        uint size = U32(_at + 8);
        if (size > 0)
        {
            TakeGrain((long)first, (int)size);
            return true;
        }

        if (U32(_at + 12) != 1)
        {
            return false;
        }

        TakeMarker(1, 4);
        Assert.True(_tableIndex >= 0, "A table without grains.");
        _tables.Add(_tableIndex, (uint)(_at / SectorBytes));
        for (int i = 0; i < TableEntries; i++)
        {
            Assert.Equal(_entries[i], U32(_at + (i * 4)));
        }

        _at += TableEntries * 4;
        _entries.AsSpan().Clear();
        _tableIndex = -1;
        return true;
    }

    void TakeGrain(long lba, int dataBytes)
    {
        Assert.Equal(0, lba % _grainSectors);
        Assert.InRange(lba, 0, _capacitySectors - 1);
        long grain = lba / _grainSectors;
        Assert.True(_grains.Count == 0 || grain > _grains.Keys.Last(), "Grains must ascend.");
        long tableIndex = grain / TableEntries;
        Assert.False(_tables.ContainsKey(tableIndex), "A grain behind its table.");
        Assert.True(_tableIndex < 0 || _tableIndex == tableIndex, "A table is missing behind its last grain.");
        _tableIndex = tableIndex;
        _entries[grain % TableEntries] = (uint)(_at / SectorBytes);

        long grainBytes = _grainSectors * SectorBytes;
        Assert.InRange(12 + dataBytes, 13, grainBytes + SectorBytes);
        Assert.Equal(0x78, _file[_at + 12]);
        using var inflater = new ZLibStream(
            new MemoryStream(_file, _at + 12, dataBytes, writable: false), CompressionMode.Decompress);
        var inflated = new MemoryStream();
        inflater.CopyTo(inflated);
        Assert.Equal(grainBytes, inflated.Length);
        byte[] bytes = inflated.ToArray();
        Assert.True(bytes.AsSpan().ContainsAnyExcept((byte)0), "A grain of zeros is stored.");
        _grains.Add(grain, bytes);

        int end = (_at + 12 + dataBytes + SectorBytes - 1) / SectorBytes * SectorBytes;
        Assert.Equal(-1, _file.AsSpan(_at + 12 + dataBytes, end - _at - 12 - dataBytes).IndexOfAnyExcept((byte)0));
        _at = end;
    }

    void TakeEnd()
    {
        Assert.Equal(-1, _tableIndex);
        long tables = (((_capacitySectors - 1) / _grainSectors) / TableEntries) + 1;
        long directorySectors = ((tables * 4) + SectorBytes - 1) / SectorBytes;
        TakeMarker(2, (ulong)directorySectors);
        long directorySector = _at / SectorBytes;
        for (long i = 0; i < directorySectors * SectorBytes / 4; i++)
        {
            Assert.Equal(_tables.GetValueOrDefault(i), U32(_at + (int)(i * 4)));
        }

        _at += (int)directorySectors * SectorBytes;
        TakeMarker(3, 1);
        byte[] footer = _file.AsSpan(0, SectorBytes).ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(footer.AsSpan(56), (ulong)directorySector);
        Assert.Equal(footer, _file.AsSpan(_at, SectorBytes));
        _at += SectorBytes;
        TakeMarker(0, 0);
        Assert.Equal(_file.Length, _at);
    }

    void TakeMarker(uint type, ulong sectors)
    {
        Assert.Equal(sectors, U64(_at));
        Assert.Equal(0u, U32(_at + 8));
        Assert.Equal(type, U32(_at + 12));
        Assert.Equal(-1, _file.AsSpan(_at + 16, SectorBytes - 16).IndexOfAnyExcept((byte)0));
        _at += SectorBytes;
    }

    uint U32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_file.AsSpan(offset));

    ulong U64(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(_file.AsSpan(offset));
}
