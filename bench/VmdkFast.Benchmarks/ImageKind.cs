namespace VmdkFast.Benchmarks;

/// <summary>The images that are read; all hold the same disk.</summary>
public enum ImageKind
{
    /// <summary>One flat extent beside its descriptor.</summary>
    Flat,

    /// <summary>One hosted sparse file.</summary>
    Sparse,

    /// <summary>Four hosted sparse files beside a descriptor.</summary>
    SplitSparse,

    /// <summary>A sparse child that holds every fourth grain, over <see cref="Sparse"/>.</summary>
    Child,

    /// <summary>Compressed grains, all of them kept in the grain cache.</summary>
    StreamWarm,

    /// <summary>Compressed grains with the smallest grain cache: nearly every read inflates.</summary>
    StreamCold,
}
