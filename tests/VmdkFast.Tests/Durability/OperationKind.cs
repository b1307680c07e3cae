namespace VmdkFast.Tests.Durability;

/// <summary>What a guest asks of its disk.</summary>
enum OperationKind
{
    Write,
    DurableWrite,
    WriteZeroes,
    Discard,
    Flush,
}
