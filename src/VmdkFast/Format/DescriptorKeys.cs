namespace VmdkFast.Format;

/// <summary>The keys of a descriptor that this library knows by name.</summary>
static class DescriptorKeys
{
    internal const string Version = "version";
    internal const string Encoding = "encoding";
    internal const string ContentId = "CID";
    internal const string ParentContentId = "parentCID";
    internal const string CreateType = "createType";
    internal const string ParentFileNameHint = "parentFileNameHint";
    internal const string ChangeTrackPath = "changeTrackPath";

    internal const string AdapterType = "ddb.adapterType";
    internal const string Cylinders = "ddb.geometry.cylinders";
    internal const string Heads = "ddb.geometry.heads";
    internal const string Sectors = "ddb.geometry.sectors";
    internal const string BiosCylinders = "ddb.geometry.biosCylinders";
    internal const string BiosHeads = "ddb.geometry.biosHeads";
    internal const string BiosSectors = "ddb.geometry.biosSectors";
    internal const string DatabaseEncoding = "ddb.encoding";
    internal const string LongContentId = "ddb.longContentID";
    internal const string Uuid = "ddb.uuid";
    internal const string HardwareVersion = "ddb.virtualHWVersion";
    internal const string ToolsVersion = "ddb.toolsVersion";
    internal const string ThinProvisioned = "ddb.thinProvisioned";

    static readonly string[] s_header =
        [Version, Encoding, ContentId, ParentContentId, CreateType, ParentFileNameHint, ChangeTrackPath];

    /// <summary>Whether a key belongs to the header's keys whose value decides what the disk is.</summary>
    internal static bool IsHeader(string key) => s_header.Contains(key, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a key states the encoding of the text.</summary>
    internal static bool IsEncoding(string key) =>
        key.Equals(Encoding, StringComparison.OrdinalIgnoreCase)
        || key.Equals(DatabaseEncoding, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a key belongs to the disk database.</summary>
    internal static bool IsDatabase(string key) => key.StartsWith("ddb.", StringComparison.OrdinalIgnoreCase);
}
