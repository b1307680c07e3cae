using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using VmdkFast.Format;
using VmdkFast.Opening;
using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>Makes a descriptor from the files that it would name.</summary>
/// <remarks>
/// What only the old descriptor knew is gone: its content ID, so children of the disk must be told to accept it, UUID,
/// the adapter. The geometry follows from the size, as in a new disk.
/// </remarks>
sealed partial class DescriptorRebuild(string path, string extentPath, VmdkDiskKind? kind)
{
    /// <summary>The adapter of a disk that embeds its descriptor.</summary>
    internal const string IdeAdapter = "ide";

    const string Adapter = "lsilogic";
    const uint HardwareVersion = 4;

    /// <summary>Makes the text, and the file if that is wanted.</summary>
    internal string Run(bool apply)
    {
        string folder = Path.GetDirectoryName(path) ?? "";
        if (!string.Equals(
            Path.GetFullPath(folder.Length == 0 ? "." : folder), Path.GetDirectoryName(Path.GetFullPath(extentPath)),
            StringComparison.Ordinal))
        {
            throw new ArgumentException("The extents must lie beside the descriptor that names them.");
        }

        List<ExtentLine> extents = FindExtents(out VmdkDiskKind found);
        byte[] text = Compose(Choose(found), extents, Adapter);
        if (apply)
        {
            using var files = new NewFileSet([path], overwrite: false, sync: true, []);
            files.Write(path, file => file.Write(text, 0));
            files.Commit();
        }

        return Encoding.UTF8.GetString(text);
    }

    /// <summary>The text for a disk without a parent, of a content ID of its own.</summary>
    internal static byte[] Compose(VmdkDiskKind kind, IReadOnlyList<ExtentLine> extents, string adapter) =>
        new DescriptorComposer
        {
            Kind = kind,
            ContentId = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint))) & 0x7fff_ffff,
            Extents = extents,
            DatabaseEntries = DescriptorComposer.StandardDatabase(
                extents.Sum(extent => extent.LengthSectors), adapter, HardwareVersion),
        }.ToBytes();

    VmdkDiskKind Choose(VmdkDiskKind found)
    {
        bool isAllowed = kind is null || kind == found
            || (found == VmdkDiskKind.MonolithicFlat && kind is VmdkDiskKind.Vmfs or VmdkDiskKind.VmfsThin
                or VmdkDiskKind.VmfsPreallocated or VmdkDiskKind.VmfsEagerZeroedThick);
        return isAllowed
            ? kind ?? found
            : throw new ArgumentException($"Extents of this form do not make a disk of kind {kind}.");
    }

    List<ExtentLine> FindExtents(out VmdkDiskKind found)
    {
        Match numbered = NumberedName.Match(Path.GetFileName(extentPath));
        if (!numbered.Success)
        {
            if (IsCowd(extentPath))
            {
                found = VmdkDiskKind.VmfsSparse;
                return [CowdLine(extentPath)];
            }

            found = VmdkDiskKind.MonolithicFlat;
            return [FlatLine(extentPath, kind is null or VmdkDiskKind.MonolithicFlat
                ? VmdkExtentType.Flat : VmdkExtentType.Vmfs)];
        }

        bool isSparse = numbered.Groups["form"].Value == "s";
        found = isSparse ? VmdkDiskKind.TwoGbMaxExtentSparse : VmdkDiskKind.TwoGbMaxExtentFlat;
        if (int.Parse(numbered.Groups["number"].ValueSpan, CultureInfo.InvariantCulture) != 1)
        {
            throw new ArgumentException("A split disk is found by its first extent.");
        }

        var lines = new List<ExtentLine>();
        for (int number = 1; number <= VmdkLimits.Default.MaxExtents; number++)
        {
            string name = numbered.Groups["stem"].Value + number.ToString("d3", CultureInfo.InvariantCulture)
                + numbered.Groups["rest"].Value;
            string file = Path.Combine(Path.GetDirectoryName(extentPath) ?? "", name);
            if (number > 1 && LocalFile.KindOf(file) is null)
            {
                break;
            }

            lines.Add(isSparse ? SparseLine(file) : FlatLine(file, VmdkExtentType.Flat));
        }

        return lines;
    }

    static ExtentLine FlatLine(string file, VmdkExtentType type)
    {
        using LocalFile flat = LocalFile.Open(file, FileAccessMode.Read);
        Span<byte> start = stackalloc byte[sizeof(ulong)];
        if (Probe.Signature(start[..flat.Read(start, 0)]) is { } signature)
        {
            throw new VmdkException(
                VmdkErrorCode.TargetRefused, file, "the file is not flat: it has a structure of its own", 0, "magic",
                $"{signature}", "the bytes of a disk");
        }

        return flat.LengthBytes >= Sector.Bytes && flat.LengthBytes % Sector.Bytes == 0
            ? ExtentLine.ForFile(type, flat.LengthBytes >> Sector.Shift, Path.GetFileName(file))
            : throw new VmdkException(
                VmdkErrorCode.Truncated, file, "the file is no whole number of sectors", null, "length",
                $"{flat.LengthBytes} bytes", "a multiple of 512 bytes");
    }

    static bool IsCowd(string file)
    {
        using LocalFile sparse = LocalFile.Open(file, FileAccessMode.Read);
        Span<byte> start = stackalloc byte[sizeof(ulong)];
        return Probe.Signature(start[..sparse.Read(start, 0)]) == ImageSignature.Cowd;
    }

    static ExtentLine CowdLine(string file)
    {
        using LocalFile sparse = LocalFile.Open(file, FileAccessMode.Read);
        CowdFile header = CowdFile.Read(sparse, VmdkLimits.Default);
        return ExtentLine.ForFile(
            VmdkExtentType.VmfsSparse, header.CapacityBytes >> Sector.Shift, Path.GetFileName(file));
    }

    static ExtentLine SparseLine(string file)
    {
        using LocalFile sparse = LocalFile.Open(file, FileAccessMode.Read);
        if (Probe.Look(sparse) != ImageSignature.HostedSparse)
        {
            throw new VmdkException(
                VmdkErrorCode.NotVmdk, file, "the file is no hosted sparse extent", 0, "magic", null, "KDMV");
        }

        HostedSparseFile header = HostedSparseFile.Read(sparse, VmdkLimits.Default);
        return ExtentLine.ForFile(
            VmdkExtentType.Sparse, header.CapacityBytes >> Sector.Shift, Path.GetFileName(file));
    }

    [GeneratedRegex(@"^(?<stem>.*-(?<form>[sf]))(?<number>\d{3,})(?<rest>\.[^.]*)?$")]
    static partial Regex NumberedName { get; }
}
