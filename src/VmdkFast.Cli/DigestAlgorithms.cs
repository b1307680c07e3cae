namespace VmdkFast.Cli;

/// <summary>The names of digest algorithms on the command line.</summary>
static class DigestAlgorithms
{
    /// <summary>The option of a verb that makes a digest on the way.</summary>
    internal const string Option = "--digest";

    const string Usual = "xxh128";

    internal const string Names = "xxh128|sha256";

    /// <summary>Gives the option its value where it stands alone.</summary>
    /// <remarks>An option whose value may be missing would take the next file's name for it.</remarks>
    internal static IReadOnlyList<string> SpellOut(IReadOnlyList<string> arguments)
    {
        int end = arguments.TakeWhile(argument => argument != "--").Count();
        return [.. arguments.Select(
            (argument, index) => index < end && argument == Option ? $"{Option}={Usual}" : argument)];
    }

    /// <summary>The algorithm of a name; XXH128 without one.</summary>
    /// <exception cref="UsageException">There is no such algorithm.</exception>
    internal static VmdkDigestAlgorithm Read(string option, string? name) => name switch
    {
        null or Usual => VmdkDigestAlgorithm.XxHash128,
        "sha256" => VmdkDigestAlgorithm.Sha256,
        _ => throw new UsageException($"{option} {name}: wanted xxh128 or sha256"),
    };

    internal static string NameOf(VmdkDigestAlgorithm algorithm) =>
        algorithm == VmdkDigestAlgorithm.Sha256 ? "sha256" : Usual;
}
