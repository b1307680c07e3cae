using VmdkFast.Extents;
using VmdkFast.Storage;

namespace VmdkFast.Opening;

/// <summary>An image with its whole chain open: what reads, what describes, and what must be closed.</summary>
sealed class OpenedImage(
    Layer top, IReadOnlyList<VmdkLayerInfo> layers, IReadOnlyList<ImageFile> files, ImageLocks? locks) : IDisposable
{
    internal Layer Top => top;

    internal IReadOnlyList<VmdkLayerInfo> Layers => layers;

    /// <summary>Every file of the chain, each once.</summary>
    internal IReadOnlyList<ImageFile> Files => files;

    /// <inheritdoc/>
    public void Dispose()
    {
        locks?.Dispose();
        foreach (ImageFile file in files)
        {
            file.Dispose();
        }
    }
}
