using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>Compares the files of flat extents with the lines that name them. Not thread-safe.</summary>
sealed class FlatCheck(CheckRun run, TakenRanges taken)
{
    readonly List<FlatUse> _uses = [];

    /// <summary>Judges the file of a line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="file">Its file, or the device that the caller named for it.</param>
    /// <param name="isMapped">Whether the caller named it: then its length says nothing of the image.</param>
    /// <param name="descriptorPath">The descriptor.</param>
    /// <param name="guest">What the line is of the disk.</param>
    internal void Judge(
        ExtentLine line, CheckedFile file, bool isMapped, string descriptorPath, GuestStretch guest)
    {
        long start = line.OffsetSectors << Sector.Shift;
        long end = checked(start + guest.LengthBytes);
        if (!taken.Take(file.Local, new ByteRange(start, end)))
        {
            run.Log.Add(
                VmdkFindingKind.ExtentTwice, descriptorPath, $"the file '{file.Path}' serves two extents", null, guest);
        }

        if (file.LengthBytes < end)
        {
            run.Log.Add(
                VmdkFindingKind.ExtentTooShort, file.Path,
                $"the file has {file.LengthBytes} bytes, and its extent ends at byte {end}", file.LengthBytes, guest);
        }

        if (!isMapped)
        {
            _uses.Add(new FlatUse(file.Path, file.Local.Identity, file.LengthBytes, start, end));
        }

        run.Expect(guest.LengthBytes);
        run.Advance(guest.LengthBytes);
    }

    /// <summary>Judges, when all lines are known, which files go on behind what is used of them.</summary>
    internal void JudgeEnds(VmdkDiskKind kind)
    {
        // Of a physical disk, and of what somebody has put together, a part may be meant.
        if (kind is VmdkDiskKind.Custom or VmdkDiskKind.FullDevice or VmdkDiskKind.PartitionedDevice)
        {
            return;
        }

        foreach (IGrouping<FileIdentity, FlatUse> file in _uses.GroupBy(use => use.Identity))
        {
            FlatUse first = file.First();
            if (file.Count() == 1 && first.StartBytes == 0 && first.LengthBytes - first.EndBytes >= Sector.Bytes)
            {
                run.Log.Add(
                    VmdkFindingKind.ExtentTooLong, first.Path,
                    $"the file has {first.LengthBytes} bytes, and its extent ends at byte {first.EndBytes}",
                    first.EndBytes);
            }
        }
    }

    readonly record struct FlatUse(
        string Path, FileIdentity Identity, long LengthBytes, long StartBytes, long EndBytes);
}
