using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace VmdkFast.Benchmarks;

/// <summary>Builds each image once and keeps it for the processes that BenchmarkDotNet starts for its cases.</summary>
/// <remarks>
/// The disk has 8 stretches of data, one at the start of each GiB, so that a split image has data in four files. The
/// data (512 MiB; <c>VMDKFAST_BENCH_MIB</c> changes it) comes from a seed and compresses to about half.
/// </remarks>
static class BenchImages
{
    internal const int GrainBytes = 64 << 10;
    internal const int Stretches = 8;
    internal const long StretchDistanceBytes = 1L << 30;

    const string FolderVariable = "VMDKFAST_BENCH_FOLDER";
    const int ChildEveryGrains = 4;

    /// <summary>Bytes of data in each stretch, a whole number of MiB.</summary>
    internal static long StretchBytes { get; } = ReadMebibytes() / Stretches << 20;

    static string Folder =>
        Environment.GetEnvironmentVariable(FolderVariable)
        ?? throw new InvalidOperationException("The benchmarks are run by their own program.");

    /// <summary>Makes the folder of all images; dispose what it returns in the process that began.</summary>
    internal static IDisposable Begin()
    {
        string folder = Directory.CreateTempSubdirectory("vmdkfast-bench-").FullName;
        Environment.SetEnvironmentVariable(FolderVariable, folder);
        return new Deletion(folder);
    }

    /// <summary>The image's path; built when it is not there, and read so that it is in the page cache.</summary>
    internal static string Get(ImageKind kind)
    {
        (string name, string options) = kind switch
        {
            ImageKind.Flat => ("flat", "subformat=monolithicFlat"),
            ImageKind.SplitSparse => ("split", "subformat=twoGbMaxExtentSparse"),
            ImageKind.StreamWarm or ImageKind.StreamCold => ("stream", "subformat=streamOptimized"),
            ImageKind.Child => ("child", ""),
            _ => ("sparse", "subformat=monolithicSparse"),
        };
        string path = Path.Combine(Folder, name + ".vmdk");
        if (!File.Exists(path))
        {
            if (kind == ImageKind.Child)
            {
                BuildChild(path, Get(ImageKind.Sparse));
            }
            else
            {
                Run("qemu-img", ["convert", "-f", "raw", "-O", "vmdk", "-o", options, Raw(), path]);
            }
        }

        Warm(path);
        return path;
    }

    /// <summary>How a kind is opened.</summary>
    internal static VmdkOpenOptions OptionsFor(ImageKind kind) => kind switch
    {
        ImageKind.StreamWarm => new VmdkOpenOptions { GrainCacheBytes = 4 * Stretches * StretchBytes },
        ImageKind.StreamCold => new VmdkOpenOptions { GrainCacheBytes = 0 },
        _ => VmdkOpenOptions.Default,
    };

    /// <summary>All offsets of data on the disk in steps, ascending.</summary>
    internal static long[] Offsets(int stepBytes) =>
    [
        .. Enumerable.Range(0, Stretches).SelectMany(stretch =>
            Enumerable.Range(0, (int)(StretchBytes / stepBytes))
                .Select(step => (stretch * StretchDistanceBytes) + ((long)step * stepBytes))),
    ];

    /// <summary>Offsets of data in an order that only the seed decides.</summary>
    internal static long[] ShuffledOffsets(int stepBytes, int seed)
    {
        long[] offsets = Offsets(stepBytes);
        new Random(seed).Shuffle(offsets);
        return offsets;
    }

    /// <summary>All files of an image, the descriptor included.</summary>
    internal static IEnumerable<string> FilesOf(string path)
    {
        using VmdkDisk disk = VmdkDisk.Open(path);
        return [.. disk.Map().Select(run => run.Path).OfType<string>().Append(path).Distinct()];
    }

    static void Warm(string path)
    {
        byte[] buffer = new byte[1 << 20];
        using VmdkDisk disk = VmdkDisk.Open(path);
        var bare = new BareReads(disk, Offsets(buffer.Length), buffer.Length);
        using (bare)
        {
            bare.ReadAll(buffer);
        }
    }

    static string Raw()
    {
        string path = Path.Combine(Folder, "disk.raw");
        if (File.Exists(path))
        {
            return path;
        }

        using (FileStream file = File.Create(path))
        {
            file.SetLength(Stretches * StretchDistanceBytes);
            byte[] chunk = new byte[1 << 20];
            var random = new Random(20_111);
            foreach (long offset in Offsets(chunk.Length))
            {
                FillHalfRandom(chunk, random);
                file.Position = offset;
                file.Write(chunk);
            }
        }

        return path;
    }

    // 64 random bytes, then the same 64 again with one changed: deflate finds a match for half of all bytes.
    static void FillHalfRandom(Span<byte> chunk, Random random)
    {
        const int Line = 64;
        random.NextBytes(chunk);
        for (int at = Line; at < chunk.Length; at += 2 * Line)
        {
            chunk.Slice(at - Line, Line).CopyTo(chunk.Slice(at, Line));
            chunk[at]++;
        }
    }

    static void BuildChild(string path, string parent)
    {
        Run("qemu-img", ["create", "-q", "-f", "vmdk", "-b", parent, "-F", "vmdk", path]);
        IEnumerable<string> writes = Offsets(GrainBytes).Where((_, i) => i % ChildEveryGrains == 0).Select(offset =>
            string.Create(
                CultureInfo.InvariantCulture, $"write -q -P {offset / GrainBytes % 251} {offset} {GrainBytes}"));
        Run("qemu-io", ["-f", "vmdk", path], string.Join('\n', writes) + "\nquit\n");
    }

    static void Run(string program, string[] arguments, string input = "")
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException(
                    $"{program} exited with {process.ExitCode}: {output.GetAwaiter().GetResult()}");
            }
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"'{program}' is missing; eng/install-peers.sh installs it.", e);
        }
    }

    static long ReadMebibytes()
    {
        string? text = Environment.GetEnvironmentVariable("VMDKFAST_BENCH_MIB");
        long mebibytes = text is null ? 512 : long.Parse(text, CultureInfo.InvariantCulture);
        return mebibytes is >= Stretches and <= Stretches * 1024
            ? mebibytes
            : throw new InvalidOperationException($"VMDKFAST_BENCH_MIB is from {Stretches} to {Stretches * 1024}.");
    }

    sealed class Deletion(string folder) : IDisposable
    {
        public void Dispose() => Directory.Delete(folder, recursive: true);
    }
}
