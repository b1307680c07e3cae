namespace VmdkFast;

/// <summary>The file that tracks an image's changes for backups, and what is known of it. Immutable.</summary>
/// <remarks>Nothing of it is used: whoever writes the image with this library detaches it first.</remarks>
public sealed record VmdkChangeTracking
{
    /// <summary>The file as the descriptor names it, decoded.</summary>
    public required string FileName { get; init; }

    /// <summary>
    /// Whether the file is there; null when it could not be looked for, because the reference policy forbids it or the
    /// system does.
    /// </summary>
    public bool? Exists { get; init; }

    /// <summary>The file that was looked at; null when none was.</summary>
    public string? Path { get; init; }

    /// <summary>Its length in bytes; null when it was not looked at.</summary>
    public long? LengthBytes { get; init; }

    /// <summary>Whether it begins as a change tracking file does.</summary>
    public bool IsRecognised { get; init; }

    /// <summary>Its 16 bytes of identification, in hexadecimal digits; null when it is not recognised.</summary>
    public string? Identifier { get; init; }
}
