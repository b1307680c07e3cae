using VmdkFast.Extents;
using VmdkFast.Storage;

namespace VmdkFast.Opening;

/// <summary>An image with its whole chain open: what reads, what describes, and what must be closed.</summary>
sealed class OpenedImage(
    Layer top, IReadOnlyList<VmdkLayerInfo> layers, IReadOnlyList<ImageFile> files, ImageLocks? locks,
    OpenedLayer opened) : IDisposable
{
    internal Layer Top => top;

    internal IReadOnlyList<VmdkLayerInfo> Layers => layers;

    /// <summary>The top image as it was opened, with all that a writer needs to know.</summary>
    internal OpenedLayer Opened => opened;

    /// <summary>Every file of the chain, each once.</summary>
    internal IReadOnlyList<ImageFile> Files => files;

    /// <summary>
    /// Gives all locks back, so that another open of the same files can take its own. Nobody reads meanwhile.
    /// </summary>
    internal void Unlock()
    {
        locks?.Release();
        foreach (LateFile late in files.OfType<LateFile>())
        {
            late.CloseForNow();
        }
    }

    /// <summary>Takes the locks again.</summary>
    /// <exception cref="VmdkException"><see cref="VmdkErrorCode.Locked"/>: somebody came meanwhile.</exception>
    internal void LockAgain() => locks?.TakeAgain();

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
