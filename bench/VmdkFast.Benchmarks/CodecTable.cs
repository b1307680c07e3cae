using VmdkFast.Compression;
using VmdkFast.Format;

namespace VmdkFast.Benchmarks;

/// <summary>Size and speed of every codec at every level, on the grains of a real disk, one thread.</summary>
/// <remarks>The clock is the processor's time of this process: other work on the machine hardly counts.</remarks>
static class CodecTable
{
    const int GrainBytes = 64 << 10;

    static readonly VmdkCompression[] s_compressions =
    [
        VmdkCompression.Fastest, VmdkCompression.Fast, VmdkCompression.Default, VmdkCompression.Small,
        VmdkCompression.Smallest,
    ];

    /// <summary>Prints a table in Markdown.</summary>
    internal static int Run(string[] arguments)
    {
        int repeats = 3;
        if (arguments is not [string path, .. string[] more]
            || (more is not [] && !(more is [string text] && int.TryParse(text, out repeats))))
        {
            Console.Error.WriteLine("usage: codecs DISK.raw [REPEATS]");
            return 2;
        }

        List<byte[]> grains = ReadGrains(path);
        Console.WriteLine($"{grains.Count} grains of 64 KiB that are not zeros");
        Console.WriteLine();
        Console.WriteLine("| codec | compression | stored MiB | deflate MB/s | inflate MB/s | allocated bytes |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (VmdkCodec codec in new[] { VmdkCodec.Zlib, VmdkCodec.Libdeflate, VmdkCodec.Isal })
        {
            foreach (VmdkCompression compression in s_compressions)
            {
                Measure(GrainCodec.Of(codec), compression, grains, repeats);
            }
        }

        return 0;
    }

    static void Measure(GrainCodec codec, VmdkCompression compression, List<byte[]> grains, int repeats)
    {
        byte[] room = new byte[StoredForm.LengthBytes(GrainBytes)];
        var stored = new List<byte[]>();
        long storedBytes = 0;
        foreach (byte[] grain in grains)
        {
            int length = codec.DeflateWithin(grain, room, compression);
            stored.Add(room[..length]);
            storedBytes += Sector.CountFor(length + GrainMarker.SizeBytes) * Sector.Bytes;
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread();
        double deflateSeconds = Median(repeats, () => grains.ForEach(g => codec.DeflateWithin(g, room, compression)));
        allocated = (GC.GetAllocatedBytesForCurrentThread() - allocated) / ((long)repeats * grains.Count);
        double inflateSeconds = Median(repeats, () => stored.ForEach(data => codec.Inflate(data, room)));
        double megabytes = (double)grains.Count * GrainBytes / 1e6;
        string row = FormattableString.Invariant(
            $"{storedBytes / 1048576.0:f1} | {megabytes / deflateSeconds:f0} | {megabytes / inflateSeconds:f0}");
        Console.WriteLine($"| {codec.Name} | {compression} | {row} | {allocated} |");
    }

    static double Median(int repeats, Action work)
    {
        var seconds = new List<double>();
        for (int repeat = 0; repeat < repeats; repeat++)
        {
            TimeSpan start = Environment.CpuUsage.TotalTime;
            work();
            seconds.Add((Environment.CpuUsage.TotalTime - start).TotalSeconds);
        }

        seconds.Sort();
        return seconds[repeats / 2];
    }

    static List<byte[]> ReadGrains(string path)
    {
        var grains = new List<byte[]>();
        using FileStream file = File.OpenRead(path);
        byte[] grain = new byte[GrainBytes];
        while (file.ReadAtLeast(grain, GrainBytes, throwOnEndOfStream: false) == GrainBytes)
        {
            if (grain.AsSpan().ContainsAnyExcept((byte)0))
            {
                grains.Add([.. grain]);
            }
        }

        return grains;
    }
}
