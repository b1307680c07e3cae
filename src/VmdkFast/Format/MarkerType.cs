namespace VmdkFast.Format;

/// <summary>What follows a <see cref="MetadataMarker"/>.</summary>
enum MarkerType : uint
{
    /// <summary>Nothing: the stream ends here.</summary>
    EndOfStream = 0,

    /// <summary>A grain table.</summary>
    GrainTable = 1,

    /// <summary>The grain directory.</summary>
    GrainDirectory = 2,

    /// <summary>The footer: a <see cref="SparseHeader"/> that knows where the directory is.</summary>
    Footer = 3,

    /// <summary>A note on progress, met in streams from vSphere; readers skip it.</summary>
    Progress = 4,
}
