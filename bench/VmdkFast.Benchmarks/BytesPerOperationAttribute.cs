namespace VmdkFast.Benchmarks;

/// <summary>How many bytes one operation of a benchmark gives, for <see cref="ThroughputColumn"/>.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
sealed class BytesPerOperationAttribute(int bytes) : Attribute
{
    /// <summary>Bytes of one operation.</summary>
    public int Bytes { get; } = bytes;
}
