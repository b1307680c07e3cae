namespace VmdkFast.Tests.Support;

/// <summary>A folder of its own for one test; gone with everything in it when disposed.</summary>
sealed class TemporaryFolder : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("vmdkfast-").FullName;

    internal string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Makes a file with <paramref name="content"/> and gives its path.</summary>
    internal string With(string name, ReadOnlySpan<byte> content)
    {
        File.WriteAllBytes(this[name], content);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
