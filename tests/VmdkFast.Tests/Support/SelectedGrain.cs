namespace VmdkFast.Tests.Support;

/// <summary>One grain that an extent's tables name: with data, or as zeros (table entry 1).</summary>
public readonly record struct SelectedGrain(long Index, bool IsZero);
