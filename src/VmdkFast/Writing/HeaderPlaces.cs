using VmdkFast.Opening;
using VmdkFast.Storage;

namespace VmdkFast.Writing;

/// <summary>
/// Whether what a header names lies apart: a reader does not mind, a writer would destroy one by the other.
/// </summary>
static class HeaderPlaces
{
    /// <summary>Returns when header, descriptor and both directories have places of their own.</summary>
    /// <exception cref="VmdkException"><see cref="VmdkErrorCode.HeaderInvalid"/>: two of them overlap.</exception>
    internal static void RequireApart(ImageFile file, HostedSparseFile hosted)
    {
        long directoryBytes = hosted.DirectoryEntries * (long)sizeof(uint);
        List<(long StartBytes, long EndBytes, string What)> places =
        [
            (0, Sector.Bytes, "header"),
            (hosted.DescriptorOffsetBytes, hosted.DescriptorOffsetBytes + hosted.DescriptorAreaBytes, "descriptor"),
            (hosted.DirectoryOffsetBytes, hosted.DirectoryOffsetBytes + directoryBytes, "directory"),
            (hosted.RedundantDirectoryOffsetBytes, hosted.RedundantDirectoryOffsetBytes + directoryBytes,
                "redundant directory"),
        ];

        // Offset 0 is the header's own: there the others mean that there is none.
        places.RemoveAll(place => place.StartBytes == 0 && place.What != "header");
        places.Sort();
        for (int i = 1; i < places.Count; i++)
        {
            if (places[i].StartBytes < places[i - 1].EndBytes)
            {
                VmdkException.Throw(
                    VmdkErrorCode.HeaderInvalid, file.Path,
                    $"the {places[i].What} lies over the {places[i - 1].What}: the image cannot be written",
                    places[i].StartBytes, places[i].What, $"byte {places[i].StartBytes}",
                    $"a place from byte {places[i - 1].EndBytes} on");
            }
        }
    }
}
