using System.CommandLine;

namespace VmdkFast.Cli;

/// <summary>The format of a source: raw by the option or a name that ends in <c>.raw</c>, else VMDK.</summary>
/// <remarks>
/// A file's content never chooses: a guest that writes the start of its raw disk would then choose what its file is
/// next time.
/// </remarks>
static class ImageFormat
{
    const string Raw = "raw";
    const string Vmdk = "vmdk";

    /// <summary>The option that names a format.</summary>
    internal static Option<string?> Option(string name, string alias, string description) => new(name, alias)
    {
        Description = description,
        HelpName = "raw|vmdk",
    };

    /// <summary>Opens a source in the format that an option or its name states, or as VMDK.</summary>
    /// <exception cref="UsageException">
    /// There is no such format; or none was named, and the file is no VMDK.
    /// </exception>
    internal static async Task<VmdkDisk> OpenAsync(
        ParseResult parsed, Option<string?> format, string path, VmdkOpenOptions options,
        CancellationToken cancellationToken)
    {
        string? word = parsed.GetValue(format);
        if (IsRaw(word, format.Aliases.First(), path))
        {
            return await VmdkDisk.OpenRawAsync(path, options, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            return await VmdkDisk.OpenAsync(path, options, cancellationToken).ConfigureAwait(false);
        }
        catch (VmdkException foreign) when (word is null && foreign is { Code: VmdkErrorCode.NotVmdk, Field: "magic" }
            && foreign.Path == path)
        {
            throw new UsageException($"{foreign.Message}; {format.Aliases.First()} raw reads any file as a raw disk");
        }
    }

    /// <summary>Whether an option, or without it the file's name, says raw.</summary>
    internal static bool IsRaw(string? word, string option, string path) => word switch
    {
        Raw => true,
        Vmdk => false,
        null => path.EndsWith(".raw", StringComparison.OrdinalIgnoreCase),
        _ => throw new UsageException($"{option} {word}: wanted raw or vmdk"),
    };
}
