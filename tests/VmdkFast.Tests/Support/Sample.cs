namespace VmdkFast.Tests.Support;

/// <summary>An image that another program made.</summary>
/// <param name="RelativePath">Below the samples' folder, with slashes.</param>
/// <param name="CapacitySectors">Length of the disk; 0 when it cannot be read.</param>
/// <param name="ContentSha256">SHA-256 of the whole disk, lower-case hex; empty when it cannot be read.</param>
/// <param name="Fault">Why it cannot be read.</param>
public sealed record Sample(
    string RelativePath, long CapacitySectors, string ContentSha256, SampleFault Fault = SampleFault.None)
{
    public string FullPath => Repo.PathOf("tests", "VmdkFast.Tests", "Samples", RelativePath);

    /// <summary>Above 1 GiB, where hashing takes many seconds.</summary>
    public bool IsLarge => CapacitySectors * 512 > 1L << 30;

    public override string ToString() => RelativePath;
}
