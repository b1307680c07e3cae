using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using VmdkFast.Creating;
using VmdkFast.Format;
using VmdkFast.Opening;
using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>Makes a descriptor from the files that it would name.</summary>
/// <remarks>
/// What only the old descriptor knew is gone: its content ID, so children of the disk must be told to accept it, UUID,
/// the adapter. The geometry follows from the size, as in a new disk.
/// </remarks>
sealed partial class DescriptorRebuild(string path, string extentPath, VmdkDiskKind? kind, ParentLink? parent)
{
    /// <summary>The adapter of a disk that embeds its descriptor.</summary>
    internal const string IdeAdapter = "ide";

    const string Adapter = "lsilogic";
    const uint HardwareVersion = 4;
    const string KeptSuffix = ".damaged";

    readonly List<FileIdentity> _extents = [];

    /// <summary>Makes the text, and the file if that is wanted.</summary>
    internal VmdkRebuiltDescriptor Run(bool apply)
    {
        string folder = Path.GetDirectoryName(path) ?? "";
        if (!string.Equals(
            Path.GetFullPath(folder.Length == 0 ? "." : folder), Path.GetDirectoryName(Path.GetFullPath(extentPath)),
            StringComparison.Ordinal))
        {
            throw new ArgumentException("The extents must lie beside the descriptor that names them.");
        }

        List<ExtentLine> extents = FindExtents(out VmdkDiskKind found);
        bool isSparse = found is VmdkDiskKind.TwoGbMaxExtentSparse or VmdkDiskKind.VmfsSparse;
        RequireParentFits(isSparse, extents);
        byte[] text = Compose(Choose(found), extents, Adapter, parent);
        using LocalFile? damaged = OpenDamaged();
        string? keptPath = damaged is null ? null : apply
            ? Replace(damaged, text)
            : TargetPath.FreeName(path, KeptSuffix);
        if (apply && damaged is null)
        {
            Make(text, null);
        }

        return new VmdkRebuiltDescriptor
        {
            Text = Encoding.UTF8.GetString(text),
            KeptPath = keptPath,
            MayLackParent = isSparse && parent is null,
        };
    }

    void RequireParentFits(bool isSparse, IEnumerable<ExtentLine> extents)
    {
        if (parent is null)
        {
            return;
        }

        if (!isSparse)
        {
            throw new ArgumentException("Flat extents store all of a disk: it has no parent.");
        }

        long lengthBytes = extents.Sum(static extent => extent.LengthSectors) << Sector.Shift;
        if (parent.LengthBytes != lengthBytes)
        {
            throw new VmdkException(
                VmdkErrorCode.ParentMismatch, path, "the extents are no child of this parent: its length is another",
                null, "length", $"{lengthBytes} bytes", $"{parent.LengthBytes} bytes");
        }
    }

    // What stands at the name and is no descriptor; null when nothing stands there.
    LocalFile? OpenDamaged()
    {
        LocalFile? file = TargetPath.TryOpen(path);
        try
        {
            string? refusal = file is null ? null
                : _extents.Contains(file.Identity) ? "the file is an extent of the disk"
                : file.IsBlockDevice ? "a device cannot be replaced"
                : file.LengthBytes > VmdkLimits.Default.MaxDescriptorBytes ? "the file is too long for a descriptor"
                : IsImage(file) ? "the file already exists, and is an image or a descriptor"
                : null;
            return refusal is null ? file : throw new VmdkException(VmdkErrorCode.TargetRefused, path, refusal);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    static bool IsImage(LocalFile file)
    {
        try
        {
            return Probe.Look(file) != ImageSignature.Descriptor
                || ChainCheck.ReadDescriptor(file, VmdkLimits.Default).Extents.Count > 0;
        }
        catch (VmdkException fault) when (fault.Code is VmdkErrorCode.NotVmdk or VmdkErrorCode.DescriptorInvalid)
        {
            return false;
        }
    }

    string Replace(LocalFile damaged, byte[] text)
    {
        using ImageLocks locks = ImageLocks.Acquire([(damaged, LockRole.Writer)]);
        string keptPath = TargetPath.SetAside(path, KeptSuffix);
        try
        {
            Make(text, damaged);
            return keptPath;
        }
        catch
        {
            TargetPath.PutBack(keptPath, path);
            throw;
        }
    }

    void Make(byte[] text, LocalFile? damaged)
    {
        using var files = new NewFileSet([path], overwrite: false, sync: true, []);
        files.Write(path, file =>
        {
            if (damaged is not null)
            {
                file.TakeOwnershipOf(damaged);
            }

            file.Write(text, 0);
        });
        files.Commit();
    }

    /// <summary>The text for a disk of a content ID of its own.</summary>
    internal static byte[] Compose(
        VmdkDiskKind kind, IReadOnlyList<ExtentLine> extents, string adapter, ParentLink? parent = null) =>
        new DescriptorComposer
        {
            Kind = kind,
            ContentId = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint))) & 0x7fff_ffff,
            ParentContentId = parent?.ContentId ?? DescriptorValue.NoParent,
            ParentFileNameHint = parent?.FileNameHint,
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
                RequireLast(number, file, numbered);
                break;
            }

            lines.Add(isSparse ? SparseLine(file) : FlatLine(file, VmdkExtentType.Flat));
        }

        return lines;
    }

    // A disk without a part in the middle has the wrong length, and everything behind the gap in the wrong place.
    static void RequireLast(int missing, string missingPath, Match first)
    {
        foreach (string name in TargetPath.NamesBeside(missingPath))
        {
            Match other = NumberedName.Match(name);
            if (other.Success && IsSame("stem") && IsSame("rest")
                && int.TryParse(other.Groups["number"].ValueSpan, CultureInfo.InvariantCulture, out int number)
                && number > missing)
            {
                throw new VmdkException(
                    VmdkErrorCode.FileMissing, missingPath, $"the file of an extent is missing, and '{name}' is there");
            }

            bool IsSame(string part) =>
                string.Equals(other.Groups[part].Value, first.Groups[part].Value, StringComparison.Ordinal);
        }
    }

    ExtentLine FlatLine(string file, VmdkExtentType type)
    {
        using LocalFile flat = LocalFile.Open(file, FileAccessMode.Read);
        _extents.Add(flat.Identity);
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

    ExtentLine CowdLine(string file)
    {
        using LocalFile sparse = LocalFile.Open(file, FileAccessMode.Read);
        _extents.Add(sparse.Identity);
        CowdFile header = CowdFile.Read(sparse, VmdkLimits.Default);
        return ExtentLine.ForFile(
            VmdkExtentType.VmfsSparse, header.CapacityBytes >> Sector.Shift, Path.GetFileName(file));
    }

    ExtentLine SparseLine(string file)
    {
        using LocalFile sparse = LocalFile.Open(file, FileAccessMode.Read);
        _extents.Add(sparse.Identity);
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
