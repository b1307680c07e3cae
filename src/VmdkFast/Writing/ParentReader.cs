using VmdkFast.Reading;

namespace VmdkFast.Writing;

/// <summary>Reads what the parents hold below an extent, for copy on write.</summary>
/// <param name="reader">Reads the chain below the written image.</param>
/// <param name="extentStartBytes">
/// Where the extent begins on the disk. The parent is asked at the disk's offset: at the extent's own it would give
/// the bytes of another extent, a defect of QEMU's first driver.
/// </param>
sealed class ParentReader(DiskReader reader, long extentStartBytes)
{
    /// <summary>Fills the destination; past a shorter parent with zeros.</summary>
    internal void Read(Span<byte> destination, long extentOffsetBytes) =>
        reader.Read(destination, extentStartBytes + extentOffsetBytes, CancellationToken.None);
}
