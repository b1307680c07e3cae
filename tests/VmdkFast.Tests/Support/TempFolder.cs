namespace VmdkFast.Tests.Support;

/// <summary>A new folder for one test; deleted with all that is in it.</summary>
public sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("vmdkfast-").FullName;

    /// <summary>Path of a name in the folder.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Makes a folder within the folder and returns its path.</summary>
    public string Subfolder(string name) => Directory.CreateDirectory(this[name]).FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
