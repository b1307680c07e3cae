namespace VmdkFast;

/// <summary>Decides which files an image may name: its extents and its parent.</summary>
/// <remarks>
/// Names inside an image come from whoever made the image. A policy is applied to the file that was opened, never to
/// a path before it is opened, so nothing can be swapped in between; whatever the policy, only regular files are
/// accepted. The file that the caller names is the caller's: links and devices are fine there. Immutable.
/// </remarks>
public sealed class VmdkReferencePolicy
{
    VmdkReferencePolicy(ReferenceRule rule, IReadOnlyList<string> folders)
    {
        Rule = rule;
        Folders = folders;
    }

    /// <summary>The default: a plain name beside the file that names it; no folders, no links.</summary>
    public static VmdkReferencePolicy SameFolder { get; } = new(ReferenceRule.SameFolder, []);

    /// <summary>Nothing: an image that names any file is refused.</summary>
    public static VmdkReferencePolicy Deny { get; } = new(ReferenceRule.Deny, []);

    /// <summary>Any regular file, also through links. For images of one's own only.</summary>
    public static VmdkReferencePolicy Anywhere { get; } = new(ReferenceRule.Anywhere, []);

    /// <summary>Files beside the naming one, and files below any of these folders, never through links.</summary>
    /// <param name="folders">Existing folders; relative ones count from the current directory.</param>
    /// <exception cref="ArgumentException">No folder is given, or one is empty.</exception>
    public static VmdkReferencePolicy Below(params IEnumerable<string> folders)
    {
        string[] full = [.. folders.Select(folder =>
        {
            ArgumentException.ThrowIfNullOrEmpty(folder, nameof(folders));
            return Path.GetFullPath(folder);
        })];
        if (full.Length == 0)
        {
            throw new ArgumentException("At least one folder is needed.", nameof(folders));
        }

        return new VmdkReferencePolicy(ReferenceRule.Below, full);
    }

    internal ReferenceRule Rule { get; }

    internal IReadOnlyList<string> Folders { get; }
}

/// <summary>The kinds of <see cref="VmdkReferencePolicy"/>.</summary>
enum ReferenceRule
{
    SameFolder,
    Deny,
    Below,
    Anywhere,
}
