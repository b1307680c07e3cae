using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace VmdkFast.Benchmarks;

/// <summary>
/// How near writes of a disk come to bare writes at the same file offsets with as many barriers, and how far they are
/// from <c>qemu-img bench</c>. All rows of a case are measured in turn, in one process.
/// </summary>
static partial class WriteRatio
{
    internal const int GrainBytes = 64 << 10;

    [GeneratedRegex(@"Run completed in ([0-9.]+) seconds")]
    static partial Regex Completed { get; }

    /// <summary>Prints a table; 1.00 is the speed of the bare writes.</summary>
    internal static int Run(string[] options)
    {
        int writes = 20_000;
        int turns = 5;
        for (int i = 0; i + 1 < options.Length; i += 2)
        {
            (writes, turns) = (options[i], int.Parse(options[i + 1], CultureInfo.InvariantCulture)) switch
            {
                ("--writes", int value) => (value, turns),
                ("--turns", int value) => (writes, value),
                _ => throw new ArgumentException("usage: writes [--writes N] [--turns N]"),
            };
        }

        string folder = Directory.CreateTempSubdirectory("vmdkfast-writes-").FullName;
        try
        {
            Console.WriteLine("case | row | median writes/s | of bare");
            Console.WriteLine("---|---|---|---");
            Allocating(folder, "allocating 4 KiB, shuffled, one flush", Shuffled(writes), 4096, 0, turns, qemu: []);
            Allocating(folder, "allocating 4 KiB, in order, one flush", InOrder(writes), 4096, 0, turns,
                ["-t unsafe -d 1", "-t unsafe -d 32", "-t writeback -d 1", "-t writeback -d 32"]);
            Allocating(folder, "allocating 4 KiB, in order, grains of 4 KiB, one flush", InOrder(writes), 4096, 0,
                turns, ["-t unsafe -d 1", "-t writeback -d 1"], ourGrainBytes: 4096);
            Allocating(
                folder, "allocating 64 KiB, in order, one flush", InOrder(writes / 4), GrainBytes, 0, turns, qemu: []);
            Allocating(
                folder, "allocating 4 KiB, shuffled, a flush after 100", Shuffled(writes / 5), 4096, 100, turns,
                qemu: []);
            CopyOnWrite(folder, Shuffled(writes / 5), turns);
            Allocating(folder, "allocating 4 KiB, a flush after each", InOrder(writes / 50), 4096, 1, turns,
                ["-t writeback -d 1 --flush-interval 1"]);
            Overwriting(folder, Shuffled(writes), turns);
            ParallelWrites.OneFile(folder, writes, turns);
            ParallelWrites.TwoFiles(folder, writes, turns);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static void Allocating(
        string folder, string name, long[] offsets, int bytes, int flushEvery, int turns, string[] qemu,
        long? ourGrainBytes = null)
    {
        var rows = new WriteRows(name, offsets.Length);
        byte[] buffer = Noise(bytes);
        for (int turn = 0; turn < turns; turn++)
        {
            string path = Create(folder, offsets.Length, ourGrainBytes);
            long[] places;
            using (VmdkDisk disk = OpenForWriting(path))
            {
                Settle();
                rows.Add("ours", Time(() => WriteAll(disk, offsets, buffer, flushEvery)));
                places = Places(disk, offsets);
            }

            Settle();
            rows.Add("bare", Bare(folder, places, buffer, flushEvery, newFile: true));
            foreach (string arguments in qemu)
            {
                string image = Create(folder, offsets.Length);
                rows.Add($"qemu-img bench {arguments}", QemuBench(image, offsets.Length, arguments));
            }
        }

        rows.Print();
    }

    // The bare row writes what copy on write must write: a whole grain for each 4 KiB, without reading the parent.
    static void CopyOnWrite(string folder, long[] offsets, int turns)
    {
        var rows = new WriteRows("copy on write of 4 KiB from a parent, one flush", offsets.Length);
        byte[] buffer = Noise(4096);
        string parent = Path.Combine(folder, "parent.vmdk");
        var options = new VmdkCreateOptions { LengthBytes = (long)offsets.Length * GrainBytes, Overwrite = true };
        VmdkDisk.CreateAsync(parent, options).GetAwaiter().GetResult();
        using (VmdkDisk filled = OpenForWriting(parent))
        {
            WriteAll(filled, InOrder(offsets.Length), Noise(GrainBytes), 0);
        }

        for (int turn = 0; turn < turns; turn++)
        {
            string path = Path.Combine(folder, "child.vmdk");
            VmdkDisk.CreateAsync(path, new VmdkCreateOptions { ParentPath = parent, Overwrite = true })
                .GetAwaiter().GetResult();
            using VmdkDisk disk = OpenForWriting(path);
            Settle();
            rows.Add("ours", Time(() => WriteAll(disk, offsets, buffer, 0)));
            Settle();
            rows.Add("bare", Bare(folder, Places(disk, offsets), Noise(GrainBytes), 0, newFile: true));
        }

        rows.Print();
    }

    static void Overwriting(string folder, long[] offsets, int turns)
    {
        var rows = new WriteRows("overwriting 4 KiB, shuffled, one flush", offsets.Length);
        byte[] buffer = Noise(4096);
        string path = Create(folder, offsets.Length);
        using VmdkDisk disk = OpenForWriting(path);
        WriteAll(disk, offsets, buffer, 0);
        long[] places = Places(disk, offsets);
        Bare(folder, places, buffer, 0, newFile: true);
        for (int turn = 0; turn < turns; turn++)
        {
            Settle();
            rows.Add("ours", Time(() => WriteAll(disk, offsets, buffer, 0)));
            Settle();
            rows.Add("bare", Bare(folder, places, buffer, 0, newFile: false));
        }

        rows.Print();
    }

    static void WriteAll(VmdkDisk disk, long[] offsets, byte[] buffer, int flushEvery)
    {
        for (int i = 0; i < offsets.Length; i++)
        {
            disk.Write(buffer, offsets[i]);
            if (flushEvery > 0 && (i + 1) % flushEvery == 0)
            {
                disk.Flush();
            }
        }

        disk.Flush();
    }

    static double Bare(string folder, long[] places, byte[] buffer, int flushEvery, bool newFile)
    {
        string path = Path.Combine(folder, "bare");
        if (newFile)
        {
            File.Delete(path);
        }

        using var file = VmdkFast.Storage.LocalFile.Open(Touch(path), VmdkFast.Storage.FileAccessMode.ReadWrite);
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        return Time(() =>
        {
            for (int i = 0; i < places.Length; i++)
            {
                RandomAccess.Write(handle, buffer, places[i]);
                if (flushEvery > 0 && (i + 1) % flushEvery == 0)
                {
                    file.Barrier();
                }
            }

            file.Barrier();
        });
    }

    static double QemuBench(string path, int writes, string arguments)
    {
        Settle();
        using Process process = Process.Start(new ProcessStartInfo("qemu-img")
        {
            Arguments = $"bench -w -f vmdk -s 4096 -S {GrainBytes} -c {writes} {arguments} \"{path}\"",
            RedirectStandardOutput = true,
        })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return double.Parse(Completed.Match(output).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    internal static long[] Places(VmdkDisk disk, long[] offsets) =>
        [.. offsets.Select(offset => disk.Map(offset, 512).First().FileOffsetBytes!.Value)];

    internal static string Create(string folder, int writes, long? grainBytes = null)
    {
        string path = Path.Combine(folder, "disk.vmdk");
        var options = new VmdkCreateOptions
        {
            LengthBytes = (long)writes * GrainBytes,
            GrainBytes = grainBytes,
            Overwrite = true,
        };
        VmdkDisk.CreateAsync(path, options).GetAwaiter().GetResult();
        return path;
    }

    internal static VmdkDisk OpenForWriting(string path) =>
        VmdkDisk.Open(path, new VmdkOpenOptions { Access = VmdkOpenAccess.ReadWrite });

    internal static string Touch(string path)
    {
        using FileStream created = File.Open(path, FileMode.OpenOrCreate);
        return path;
    }

    // Dirty pages of the run before must not be this one's burden.
    internal static void Settle()
    {
        using Process sync = Process.Start("sync");
        sync.WaitForExit();
    }

    internal static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    static long[] InOrder(int writes) => [.. Enumerable.Range(0, writes).Select(i => (long)i * GrainBytes)];

    internal static long[] Shuffled(int writes)
    {
        long[] offsets = InOrder(writes);
        new Random(1).Shuffle(offsets);
        return offsets;
    }

    internal static byte[] Noise(int bytes)
    {
        byte[] noise = new byte[bytes];
        new Random(7).NextBytes(noise);
        return noise;
    }
}
