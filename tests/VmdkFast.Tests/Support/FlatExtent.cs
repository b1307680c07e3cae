namespace VmdkFast.Tests.Support;

/// <summary>An extent without structure: FLAT, VMFS and their kin.</summary>
public sealed record FlatExtent : DiskExtent
{
    /// <summary>Guards around the data, so that a read at a wrong place is seen.</summary>
    public const byte Junk = 0xEE;

    public string Type { get; init; } = "FLAT";

    /// <summary>Where in the file the data begins. Two extents may name one file at different places.</summary>
    public long OffsetSectors { get; init; }

    /// <summary>Whether the line ends with the offset; null: for FLAT only, as QEMU demands of VMFS.</summary>
    public bool? NamesOffset { get; init; }

    /// <summary>Junk after the data, or, negative, bytes that are missing at the end.</summary>
    public long ExtraBytes { get; init; }

    public override string Line(string fileName) =>
        $"{Access} {Sectors} {Type} \"{fileName}\"" + (NamesOffset ?? Type == "FLAT" ? $" {OffsetSectors}" : "");

    public override string DefaultFileName(string name, int number, bool only) =>
        only ? $"{name}-flat.vmdk" : $"{name}-f{number:000}.vmdk";

    public override void WriteFile(string path, GuestSlice slice, ParentLink? parent)
    {
        using var file = new SectorFile(path, keep: true);
        long start = OffsetSectors * 512;
        long end = start + slice.LengthBytes;
        FillJunk(file, file.LengthBytes, start);
        file.SetLength(Math.Max(file.LengthBytes, end));
        byte[] chunk = new byte[1 << 20];
        foreach (GuestRange range in slice.Inside(slice.Content.WrittenRanges))
        {
            for (long offset = range.OffsetBytes; offset < range.EndBytes; offset += chunk.Length)
            {
                Span<byte> part = chunk.AsSpan(0, (int)Math.Min(chunk.Length, range.EndBytes - offset));
                slice.Read(offset, part);
                file.WriteBytes(start + offset, part);
            }
        }

        FillJunk(file, end, end + ExtraBytes);
        if (ExtraBytes < 0)
        {
            file.SetLength(end + ExtraBytes);
        }
    }

    static void FillJunk(SectorFile file, long startBytes, long endBytes)
    {
        byte[] junk = new byte[1 << 16];
        junk.AsSpan().Fill(Junk);
        for (long offset = startBytes; offset < endBytes; offset += junk.Length)
        {
            file.WriteBytes(offset, junk.AsSpan(0, (int)Math.Min(junk.Length, endBytes - offset)));
        }
    }
}
