namespace VmdkFast.Tests.Support;

/// <summary>The kinds of disk that can have a parent.</summary>
public enum ChildKind
{
    MonolithicSparse,
    SplitSparse,
    VmfsSparse,
}
