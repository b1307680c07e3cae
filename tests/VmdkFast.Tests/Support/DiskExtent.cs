namespace VmdkFast.Tests.Support;

/// <summary>One line of a descriptor, and the file behind it.</summary>
public abstract record DiskExtent
{
    public required long Sectors { get; init; }

    /// <summary>RW, RDONLY or NOACCESS.</summary>
    public string Access { get; init; } = "RW";

    /// <summary>The file's name; null takes the one that VMware would give.</summary>
    public string? FileName { get; init; }

    /// <summary>The extent's line.</summary>
    /// <param name="fileName">The name that was decided on.</param>
    public abstract string Line(string fileName);

    /// <summary>The file's name when none is given.</summary>
    /// <param name="name">Name of the disk.</param>
    /// <param name="number">Number of the extent among those with files, from 1.</param>
    /// <param name="only">Whether there is no other.</param>
    public abstract string DefaultFileName(string name, int number, bool only);

    /// <summary>Writes the file.</summary>
    public abstract void WriteFile(string path, GuestSlice slice, ParentLink? parent);
}
