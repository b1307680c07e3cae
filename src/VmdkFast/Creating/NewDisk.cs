using System.Globalization;
using VmdkFast.Format;

namespace VmdkFast.Creating;

/// <summary>One file of data of a new disk.</summary>
/// <param name="Path">Where it will be.</param>
/// <param name="Name">Its name, as the descriptor spells it.</param>
/// <param name="LengthSectors">Its capacity.</param>
readonly record struct NewExtent(string Path, string Name, long LengthSectors);

/// <summary>
/// A new disk with every choice made: lengths, names, IDs and the descriptor's text. Nothing exists yet.
/// </summary>
sealed class NewDisk
{
    // QEMU's 2 GiB exactly, so that both make the same files. VMware itself stays 1 MiB or 255 KiB below; every reader
    // takes each length from the descriptor.
    const long SplitSectors = (2L << 30) / Sector.Bytes;

    // In a hosted extent 64 KiB, as all products have it; in COWD one sector, as ESX.
    const long HostedGrainSectors = (64 << 10) / Sector.Bytes;
    const long CowdGrainSectors = 1;

    NewDisk(KindForm form, long capacitySectors, long grainSectors, string adapter, IReadOnlyList<NewExtent> extents)
    {
        Form = form;
        CapacitySectors = capacitySectors;
        GrainSectors = grainSectors;
        Geometry = Format.Geometry.For(capacitySectors, adapter);
        Extents = extents;
    }

    internal KindForm Form { get; }

    internal long CapacitySectors { get; }

    /// <summary>0 for flat kinds.</summary>
    internal long GrainSectors { get; }

    internal VmdkGeometry Geometry { get; }

    internal IReadOnlyList<NewExtent> Extents { get; }

    /// <summary>The descriptor as it is written, without padding.</summary>
    internal byte[] Descriptor { get; private init; } = [];

    /// <summary>Makes the choices.</summary>
    /// <exception cref="ArgumentException">
    /// A descriptor cannot hold the name of the disk or of its parent, or the kind cannot be that long.
    /// </exception>
    /// <param name="path">The name that the disk will have.</param>
    /// <param name="options">What it is.</param>
    /// <param name="parent">Its parent; null without one.</param>
    /// <param name="access">What the extent lines allow.</param>
    internal static NewDisk Plan(
        string path, VmdkCreateOptions options, ParentLink? parent, VmdkAccess access = VmdkAccess.ReadWrite)
    {
        KindForm form = KindForm.Of(options.Kind);
        long capacity = Sector.CountFor(options.LengthBytes ?? parent!.LengthBytes);
        if (form.Storing == Storing.Cowd && capacity > CowdExtent.MaxCapacitySectors)
        {
            throw new ArgumentException(
                $"A {options.Kind} disk has at most {CowdExtent.MaxCapacitySectors} sectors, less than 2 TiB.");
        }

        long grain = form.Storing switch
        {
            Storing.Flat => 0,
            Storing.Cowd => options.GrainBytes / Sector.Bytes ?? CowdGrainSectors,
            _ => options.GrainBytes / Sector.Bytes ?? HostedGrainSectors,
        };
        string adapter = NameOf(options.Adapter);
        List<NewExtent> extents = Split(path, form, capacity);
        DiskIdentity identity = DiskIdentity.For(options);
        var descriptor = new DescriptorComposer
        {
            Kind = options.Kind,
            EncodingName = options.Encoding,
            ContentId = identity.ContentId,
            ParentContentId = parent?.ContentId ?? DescriptorValue.NoParent,
            ParentFileNameHint = parent?.FileNameHint,
            Extents =
            [
                .. extents.Select(extent => ExtentLine.ForFile(
                    form.ExtentType, extent.LengthSectors, extent.Name, access: access)),
            ],
            DatabaseEntries = Database(options, form, capacity, adapter, identity),
        };
        return new NewDisk(form, capacity, grain, adapter, extents) { Descriptor = descriptor.ToBytes() };
    }

    static IReadOnlyList<KeyValuePair<string, string>> Database(
        VmdkCreateOptions options, KindForm form, long capacitySectors, string adapter, DiskIdentity identity)
    {
        // What an ESX delta does not say, its base says; more than this ESX does not write.
        if (form.Storing == Storing.Cowd && options.ParentPath is not null)
        {
            KeyValuePair<string, string> only = new(DescriptorKeys.LongContentId, identity.LongContentId);
            return identity.Uuid is { } uuid ? [only, new(DescriptorKeys.Uuid, uuid)] : [only];
        }

        IReadOnlyList<KeyValuePair<string, string>> standard = DescriptorComposer.StandardDatabase(
            capacitySectors, adapter, (uint)options.HardwareVersion, identity.LongContentId, identity.Uuid,
            options.ToolsVersion);
        return options.Kind == VmdkDiskKind.VmfsThin
            ? [.. standard, new(DescriptorKeys.ThinProvisioned, "1")]
            : standard;
    }

    static List<NewExtent> Split(string path, KindForm form, long capacitySectors)
    {
        string name = Path.GetFileName(path);
        if (form.EmbedsDescriptor)
        {
            return [new NewExtent(path, name, capacitySectors)];
        }

        // A name without an extension gives extents without one, as in QEMU.
        string extension = Path.GetExtension(name);
        string stem = name[..^extension.Length] + form.ExtentSuffix;
        string folder = Path.GetDirectoryName(path) ?? "";
        long step = form.IsSplit ? SplitSectors : capacitySectors;
        long count = ((capacitySectors - 1) / step) + 1;
        if (count > VmdkLimits.Default.MaxExtents)
        {
            throw new ArgumentException(
                $"A {form.Kind} disk of {capacitySectors} sectors would have {count} extents; "
                + $"{VmdkLimits.Default.MaxExtents} are allowed.");
        }

        var extents = new List<NewExtent>();
        for (int i = 0; i < count; i++)
        {
            string number = form.IsSplit ? (i + 1).ToString("d3", CultureInfo.InvariantCulture) : "";
            string extentName = stem + number + extension;
            extents.Add(new NewExtent(
                Path.Combine(folder, extentName), extentName, Math.Min(step, capacitySectors - (i * step))));
        }

        return extents;
    }

    static string NameOf(VmdkAdapter adapter) => adapter switch
    {
        VmdkAdapter.BusLogic => "buslogic",
        VmdkAdapter.LsiLogic => "lsilogic",
        VmdkAdapter.LegacyEsx => "legacyESX",
        _ => "ide",
    };
}
