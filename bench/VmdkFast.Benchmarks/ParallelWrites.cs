namespace VmdkFast.Benchmarks;

/// <summary>
/// Allocating writes by one thread and by two, against as many threads of bare writes at the same file offsets: what
/// the file system lets nobody do at once is then told apart from what the engine does not.
/// </summary>
static class ParallelWrites
{
    // Where the second extent of a split disk begins: 2 GiB.
    const long ExtentBytes = 1L << 31;

    /// <summary>All writes go into one file, whose inode has one lock for writers.</summary>
    internal static void OneFile(string folder, int writes, int turns)
    {
        long[] offsets = WriteRatio.Shuffled(writes);
        long[][] shares =
        [
            [.. offsets.Where((_, index) => index % 2 == 0)], [.. offsets.Where((_, index) => index % 2 == 1)],
        ];
        Measure(
            folder, "allocating 4 KiB, shuffled, one file, one flush", shares, turns,
            new VmdkCreateOptions { LengthBytes = (long)writes * WriteRatio.GrainBytes, Overwrite = true });
    }

    /// <summary>Each thread writes an extent of its own, and so a file of its own.</summary>
    internal static void TwoFiles(string folder, int writes, int turns)
    {
        long[] first = WriteRatio.Shuffled(Math.Min(writes / 2, (int)(ExtentBytes / WriteRatio.GrainBytes)));
        long[][] shares = [first, [.. first.Select(offset => ExtentBytes + offset)]];
        Measure(
            folder, "allocating 4 KiB, shuffled, two extents, one flush", shares, turns,
            new VmdkCreateOptions
            {
                LengthBytes = 2 * ExtentBytes,
                Kind = VmdkDiskKind.TwoGbMaxExtentSparse,
                Overwrite = true,
            });
    }

    static void Measure(string folder, string name, long[][] shares, int turns, VmdkCreateOptions options)
    {
        var rows = new WriteRows(name, shares.Sum(share => share.Length));
        byte[] buffer = WriteRatio.Noise(4096);
        string path = Path.Combine(folder, "disk.vmdk");
        for (int turn = 0; turn < turns; turn++)
        {
            foreach (bool together in new[] { false, true })
            {
                VmdkDisk.CreateAsync(path, options).GetAwaiter().GetResult();
                using VmdkDisk disk = WriteRatio.OpenForWriting(path);
                WriteRatio.Settle();
                rows.Add(together ? "ours, two threads" : "ours", Time(together, shares, disk.Flush, offset =>
                    disk.Write(buffer, offset)));
                VmdkRun[][] runs = [.. shares.Select(share => share.Select(at => disk.Map(at, 512).First()).ToArray())];
                rows.Add(together ? "bare, two threads" : "bare", Bare(folder, runs, buffer, together));
            }
        }

        rows.Print();
    }

    static double Bare(string folder, VmdkRun[][] runs, byte[] buffer, bool together)
    {
        Dictionary<string, BareFile> files = runs.SelectMany(share => share).Select(run => run.Path!).Distinct()
            .Select((path, index) => (path, index))
            .ToDictionary(file => file.path, file => new BareFile(Path.Combine(folder, $"bare-{file.index}")));
        WriteRatio.Settle();
        double seconds = Time(
            together, runs,
            () =>
            {
                foreach (BareFile file in files.Values)
                {
                    file.Storage.Barrier();
                }
            },
            run => RandomAccess.Write(files[run.Path!].Handle, buffer, run.FileOffsetBytes!.Value));
        foreach (BareFile file in files.Values)
        {
            file.Dispose();
        }

        return seconds;
    }

    static double Time<T>(bool together, T[][] shares, Action flush, Action<T> write) => WriteRatio.Time(() =>
    {
        if (together)
        {
            Thread[] threads = [.. shares.Select(share => new Thread(() => Array.ForEach(share, write)))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
        }
        else
        {
            Array.ForEach(shares, share => Array.ForEach(share, write));
        }

        flush();
    });

    sealed class BareFile : IDisposable
    {
        readonly string _path;

        internal BareFile(string path)
        {
            _path = path;
            File.Delete(path);
            Handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite);
            Storage = VmdkFast.Storage.LocalFile.Open(path, VmdkFast.Storage.FileAccessMode.ReadWrite);
        }

        internal Microsoft.Win32.SafeHandles.SafeFileHandle Handle { get; }

        internal VmdkFast.Storage.LocalFile Storage { get; }

        public void Dispose()
        {
            Handle.Dispose();
            Storage.Dispose();
            File.Delete(_path);
        }
    }
}
