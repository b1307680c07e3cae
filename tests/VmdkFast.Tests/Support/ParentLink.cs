namespace VmdkFast.Tests.Support;

/// <summary>The parent that an image is made over.</summary>
/// <param name="Path">The parent's file.</param>
/// <param name="Content">What the parent's disk holds; the child stores only grains that differ.</param>
/// <param name="Hint">parentFileNameHint, relative to the child's folder.</param>
/// <param name="ContentId">The parent's CID when the child was made.</param>
public sealed record ParentLink(string Path, GuestContent Content, string Hint, uint ContentId)
{
    /// <summary>Links to a finished parent: reads its CID and makes the hint relative.</summary>
    public static ParentLink To(string parentPath, GuestContent parentContent, string childFolder) => new(
        parentPath,
        parentContent,
        System.IO.Path.GetRelativePath(childFolder, parentPath).Replace('\\', '/'),
        DescriptorText.ReadCid(parentPath));
}
