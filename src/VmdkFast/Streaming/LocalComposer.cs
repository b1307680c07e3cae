using VmdkFast.Creating;
using VmdkFast.Storage;

namespace VmdkFast.Streaming;

/// <summary>
/// The layout of VMware's local streamOptimized disks, and of created ones: directory and tables in front, grains
/// behind them, and a sector of zeros at the end. It needs a file, because the tables are known last.
/// </summary>
sealed class LocalComposer(LocalFile file, NewDisk disk) : StreamComposer(file.Path)
{
    readonly HostedLayout _layout =
        new(disk.CapacitySectors, disk.GrainSectors, embedsDescriptor: true, isRedundant: false);

    internal override void Begin()
    {
        DiskCreation.ThrowIfTooLong(disk.Descriptor, _layout);
        HostedExtent.Write(file, _layout, Flags, disk.Descriptor);
        ContinueAt(_layout.OverheadSectors * Sector.Bytes);
    }

    protected override void Write(ReadOnlySpan<byte> bytes, long offsetBytes) => file.Write(bytes, offsetBytes);

    protected override void WriteTable(long tableIndex, ReadOnlySpan<byte> table)
    {
        long sector = _layout.DirectoryOffset + _layout.DirectorySectors + (tableIndex * HostedLayout.TableSectors);
        file.Write(table, sector * Sector.Bytes);
    }

    protected override void WriteEnd() => Append(new byte[Sector.Bytes]);
}
