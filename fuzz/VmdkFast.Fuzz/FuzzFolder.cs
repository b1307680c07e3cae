namespace VmdkFast.Fuzz;

/// <summary>A folder in memory for the files of one input after the other.</summary>
sealed class FuzzFolder : IDisposable
{
    const string Memory = "/dev/shm";

    /// <summary>A file beside every image, for descriptors that name an extent.</summary>
    internal const string ExtentName = "extent.raw";

    const int ExtentBytes = 4096;

    internal FuzzFolder()
    {
        // run.sh sets TMPDIR to a folder that it removes, also when this process is killed.
        string root = Environment.GetEnvironmentVariable("TMPDIR") ?? (Directory.Exists(Memory) ? Memory : "/tmp");
        Path = Directory.CreateDirectory(
            System.IO.Path.Combine(root, $"vmdkfast-fuzz-{Guid.NewGuid():n}")).FullName;
        WriteExtent(Path);
    }

    internal string Path { get; }

    /// <summary>Where a file of this folder is.</summary>
    internal string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Writes the file of <see cref="ExtentName"/>.</summary>
    internal static void WriteExtent(string folder)
    {
        byte[] content = new byte[ExtentBytes];
        content.AsSpan().Fill((byte)'x');
        File.WriteAllBytes(System.IO.Path.Combine(folder, ExtentName), content);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
