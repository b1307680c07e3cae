namespace VmdkFast.Tests.Writing;

/// <summary>Every sort of image that can be written anywhere at any time.</summary>
public enum WritableKind
{
    Sparse,
    SparseOfSmallGrains,
    SparseOfSmallTables,
    SparseWithoutCopies,
    SparseWithAbsentTables,
    SparseUnclean,
    SparseOfGiantGrains,
    ZeroGrains,
    ZeroGrainsWithoutCopies,
    SplitSparse,
    MonolithicFlat,
    SplitFlat,
    Vmfs,
    FlatAtOffset,
    OneFileForTwoExtents,
    Mixture,
    Cowd,
    CowdOfLargeGrains,
    CowdSplit,
    CowdBare,
    EmptyCowd,
    SparseOverFlat,
    SparseOverShorterStream,
    SplitOverCowd,
    ZeroGrainsOverSparse,
    CowdOverSparse,
    SmallGrainsOverChild,
}
