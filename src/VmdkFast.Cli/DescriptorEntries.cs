namespace VmdkFast.Cli;

/// <summary>The entries of a descriptor that no line of <c>info</c> stands for.</summary>
static class DescriptorEntries
{
    static readonly HashSet<string> s_shown = new(StringComparer.OrdinalIgnoreCase)
    {
        "version", "encoding", "ddb.encoding", "CID", "parentCID", "createType", "parentFileNameHint",
        "changeTrackPath", "ddb.adapterType", "ddb.geometry.cylinders", "ddb.geometry.heads", "ddb.geometry.sectors",
        "ddb.geometry.biosCylinders", "ddb.geometry.biosHeads", "ddb.geometry.biosSectors",
    };

    /// <summary>Those entries, in the order written.</summary>
    internal static IEnumerable<KeyValuePair<string, string>> Further(VmdkDescriptor descriptor) =>
        descriptor.Entries.Where(entry => !s_shown.Contains(entry.Key));
}
