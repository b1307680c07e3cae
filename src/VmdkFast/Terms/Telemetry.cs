using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace VmdkFast;

/// <summary>What can be watched from outside: a meter and an activity source, both named <c>VmdkFast</c>.</summary>
/// <remarks>
/// Free when nobody listens: a counter without a listener is one field read. Odd but survivable things are events of
/// the activity under way. docs/architecture.md lists the names.
/// </remarks>
static class Telemetry
{
    internal const string Name = "VmdkFast";

    static readonly Meter s_meter = new(Name);
    static readonly ActivitySource s_activities = new(Name);

    /// <summary>Reads of a disk.</summary>
    internal static readonly Counter<long> Reads = s_meter.CreateCounter<long>("vmdkfast.reads");

    /// <summary>Bytes read from disks.</summary>
    internal static readonly Counter<long> ReadBytes = s_meter.CreateCounter<long>("vmdkfast.read.bytes", "By");

    /// <summary>Writes to a disk.</summary>
    internal static readonly Counter<long> Writes = s_meter.CreateCounter<long>("vmdkfast.writes");

    /// <summary>Bytes written to disks.</summary>
    internal static readonly Counter<long> WrittenBytes = s_meter.CreateCounter<long>("vmdkfast.write.bytes", "By");

    /// <summary>Flushes that were carried out; one may have served several callers.</summary>
    internal static readonly Counter<long> Flushes = s_meter.CreateCounter<long>("vmdkfast.flushes");

    /// <summary>Grain tables that had to be read: reads less these are the cache's hits.</summary>
    internal static readonly Counter<long> TableLoads = s_meter.CreateCounter<long>("vmdkfast.table.loads");

    /// <summary>Compressed grains that were inflated.</summary>
    internal static readonly Counter<long> Inflations = s_meter.CreateCounter<long>("vmdkfast.grain.inflations");

    /// <summary>Grains that were allocated.</summary>
    internal static readonly Counter<long> Allocations = s_meter.CreateCounter<long>("vmdkfast.grain.allocations");

    /// <summary>Begins an activity on a file; null when nobody listens.</summary>
    internal static Activity? Start(string operation, string path) =>
        s_activities.StartActivity(operation)?.SetTag("vmdkfast.path", path);

    /// <summary>Notes something odd but survivable.</summary>
    internal static void Note(string happening, string path) =>
        Activity.Current?.AddEvent(
            new ActivityEvent(happening, tags: new ActivityTagsCollection { ["vmdkfast.path"] = path }));

    /// <summary>Counts one operation of some bytes.</summary>
    internal static void Count(Counter<long> operations, Counter<long> bytes, long lengthBytes)
    {
        if (operations.Enabled)
        {
            operations.Add(1);
        }

        if (bytes.Enabled)
        {
            bytes.Add(lengthBytes);
        }
    }
}
