namespace VmdkFast.Cli;

/// <summary>The names of digest algorithms on the command line.</summary>
static class DigestAlgorithms
{
    internal const string Names = "xxh128|sha256";

    /// <summary>The algorithm of a name; XXH128 without one.</summary>
    /// <exception cref="UsageException">There is no such algorithm.</exception>
    internal static VmdkDigestAlgorithm Read(string option, string? name) => name switch
    {
        null or "" or "xxh128" => VmdkDigestAlgorithm.XxHash128,
        "sha256" => VmdkDigestAlgorithm.Sha256,
        _ => throw new UsageException($"{option} {name}: wanted xxh128 or sha256"),
    };

    internal static string NameOf(VmdkDigestAlgorithm algorithm) =>
        algorithm == VmdkDigestAlgorithm.Sha256 ? "sha256" : "xxh128";
}
