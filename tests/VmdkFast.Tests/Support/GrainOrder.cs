namespace VmdkFast.Tests.Support;

/// <summary>The order in which grains are placed in a file.</summary>
public enum GrainOrder
{
    Ascending,
    Reversed,
    Shuffled,
}
