using System.Diagnostics;
using VmdkFast.Caching;
using VmdkFast.Opening;
using VmdkFast.Reading;
using VmdkFast.Storage;
using VmdkFast.Writing;

namespace VmdkFast;

/// <summary>A VMDK disk: whatever the image's kind, and however many files it has, one array of bytes.</summary>
/// <remarks>
/// Thread-safe: any number of reads may run at once, and none waits for another but where both need the same table or
/// compressed grain for the first time. Dispose waits for the operations under way.
/// </remarks>
[DebuggerDisplay("{Path} ({Length} bytes)")]
public sealed partial class VmdkDisk : IDisposable, IAsyncDisposable
{
    readonly OperationGate _gate = new();
    readonly Func<VmdkOpenAccess, DiskSession>? _reopen;
    volatile DiskSession _session;
    int _closed;

    VmdkDisk(DiskSession session) => _session = session;

    VmdkDisk(string path, VmdkOpenOptions options, Func<LocalFile, ImageFile>? wrap)
    {
        _reopen = access =>
        {
            VmdkOpenOptions how = options with { Access = access };
            how.Validate();
            OpenedImage image = ImageOpener.Open(path, how, wrap);
            try
            {
                return new DiskSession(
                    image, (opened, cursor) => access == VmdkOpenAccess.ReadWrite
                        ? WriterMaker.Make(opened, how, _gate, cursor)
                        : null);
            }
            catch
            {
                image.Dispose();
                throw;
            }
        };
        _session = _reopen(options.Access);
    }

    /// <summary>The file that was opened.</summary>
    public string Path => Layers[0].Path;

    /// <summary>Length of the disk in bytes, a multiple of 512.</summary>
    public long Length => _session.Image.Top.LengthBytes;

    /// <summary>Whether the disk can be used.</summary>
    public VmdkDiskState State =>
        Volatile.Read(ref _closed) != 0 ? VmdkDiskState.Closed
        : _session.Writer is { IsDurabilityLost: true } ? VmdkDiskState.DurabilityLost
        : VmdkDiskState.Open;

    /// <summary>
    /// What each image of the chain says of itself: the opened one first, then its parent, and so on.
    /// </summary>
    public IReadOnlyList<VmdkLayerInfo> Layers => _session.Image.Layers;

    /// <summary>Opens an image, for reading unless the options say otherwise.</summary>
    /// <param name="path">Descriptor file, or the sparse file that embeds its descriptor.</param>
    /// <param name="options">How; null for <see cref="VmdkOpenOptions.Default"/>.</param>
    /// <exception cref="VmdkException">
    /// The image, or a file that it names, is missing, damaged, locked or refused.
    /// </exception>
    /// <exception cref="ArgumentException">The path is empty, or an option is out of its range.</exception>
    public static VmdkDisk Open(string path, VmdkOpenOptions? options = null) =>
        Open(path, options ?? VmdkOpenOptions.Default, wrap: null);

    /// <summary>Opens any file or block device as the disk that its bytes are, for reading.</summary>
    /// <param name="path">The file or device. Nothing looks at what is in it.</param>
    /// <param name="options">
    /// How; null for <see cref="VmdkOpenOptions.Default"/>. Of the options only
    /// <see cref="VmdkOpenOptions.ForceShare"/> means something here.
    /// </param>
    /// <returns>
    /// A disk of one flat extent. Where the file's length is no multiple of 512, the rest of the last sector reads as
    /// zeros; <see cref="VmdkLayerInfo.RawLengthBytes"/> is the file's own length.
    /// </returns>
    /// <exception cref="VmdkException">The file is missing, locked, or neither a file nor a block device.</exception>
    /// <exception cref="ArgumentException">The path is empty, or the options ask for writing.</exception>
    public static VmdkDisk OpenRaw(string path, VmdkOpenOptions? options = null)
    {
        VmdkOpenOptions how = RequireForRaw(path, options);
        using Activity? activity = Telemetry.Start("open", path);
        return new VmdkDisk(new DiskSession(ImageOpener.OpenRaw(path, how), (_, _) => null));
    }

    /// <summary>As <see cref="OpenRaw"/>, on a pool thread.</summary>
    /// <param name="path">The file or device. Nothing looks at what is in it.</param>
    /// <param name="options">How; null for <see cref="VmdkOpenOptions.Default"/>.</param>
    /// <param name="cancellationToken">Cancels the opening before it starts.</param>
    /// <exception cref="VmdkException">The file is missing, locked, or neither a file nor a block device.</exception>
    /// <exception cref="ArgumentException">The path is empty, or the options ask for writing.</exception>
    public static Task<VmdkDisk> OpenRawAsync(
        string path, VmdkOpenOptions? options = null, CancellationToken cancellationToken = default)
    {
        VmdkOpenOptions how = RequireForRaw(path, options);
        return Task.Run(() => OpenRaw(path, how), cancellationToken);
    }

    static VmdkOpenOptions RequireForRaw(string path, VmdkOpenOptions? options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        VmdkOpenOptions how = options ?? VmdkOpenOptions.Default;
        how.Validate();
        return how.Access == VmdkOpenAccess.Read
            ? how
            : throw new ArgumentException("A raw file is opened for reading.", nameof(options));
    }

    /// <summary>Opens with a double before each file that may be written: for tests that inject faults.</summary>
    internal static VmdkDisk Open(string path, VmdkOpenOptions options, Func<LocalFile, ImageFile>? wrap)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options.Validate();
        using System.Diagnostics.Activity? activity = Telemetry.Start("open", path);
        return new VmdkDisk(path, options, wrap);
    }

    /// <summary>As <see cref="Open(string, VmdkOpenOptions?)"/>, on a pool thread.</summary>
    /// <param name="path">Descriptor file, or the sparse file that embeds its descriptor.</param>
    /// <param name="options">How; null for <see cref="VmdkOpenOptions.Default"/>.</param>
    /// <param name="cancellationToken">Cancels the opening before it starts.</param>
    /// <exception cref="VmdkException">
    /// The image, or a file that it names, is missing, damaged, locked or refused.
    /// </exception>
    public static Task<VmdkDisk> OpenAsync(
        string path, VmdkOpenOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        (options ?? VmdkOpenOptions.Default).Validate();
        return Task.Run(() => Open(path, options), cancellationToken);
    }

    /// <summary>The runs of a stretch of the disk, in order, without gaps.</summary>
    /// <param name="offsetBytes">Where to begin, from 0 to <see cref="Length"/>.</param>
    /// <param name="lengthBytes">How far to look; it is cut at the end of the disk.</param>
    /// <param name="cancellationToken">Ends the walk between two runs.</param>
    /// <returns>
    /// A lazy walk: metadata is read as it goes on, 62 TiB of nothing take milliseconds. Neighbours of one origin are
    /// one run; a compressed grain is always a run of its own.
    /// </returns>
    /// <exception cref="VmdkException">While walking: a table is damaged.</exception>
    /// <exception cref="ObjectDisposedException">While walking: the disk has been closed.</exception>
    public IEnumerable<VmdkRun> Map(long offsetBytes, long lengthBytes, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetBytes, Length);
        long endBytes = offsetBytes + Math.Min(lengthBytes, Length - offsetBytes);
        return Walk(offsetBytes, endBytes, cancellationToken);
    }

    /// <summary>The whole disk's runs.</summary>
    /// <param name="cancellationToken">Ends the walk between two runs.</param>
    public IEnumerable<VmdkRun> Map(CancellationToken cancellationToken = default) =>
        Map(0, Length, cancellationToken);

    /// <summary>A stream over the disk's bytes, with a position of its own. It does not close the disk.</summary>
    /// <remarks>The stream itself is for one thread at a time; open one for each.</remarks>
    public Stream OpenStream() => new VmdkStream(this);

    /// <summary>Waits for the operations under way, flushes what was written, and closes all files.</summary>
    /// <exception cref="VmdkException">
    /// The last flush failed: what was written since the one before may be lost.
    /// </exception>
    public void Dispose()
    {
        lock (_reopenLock)
        {
            if (Interlocked.Exchange(ref _closed, 1) != 0)
            {
                return;
            }

            // An operation that entered before the flag was set is waited for; one that enters later sees the flag.
            _gate.Drain();
            try
            {
                _session.Writer?.Close();
            }
            finally
            {
                _session.Dispose();
            }
        }
    }

    /// <summary>As <see cref="Dispose"/>, on a pool thread.</summary>
    public ValueTask DisposeAsync() => new(Task.Run(Dispose));

    internal bool IsWritable => _session.Writer is not null && Volatile.Read(ref _closed) == 0;

    /// <summary>Runs an operation on the whole image on a pool thread; closing the disk waits for it.</summary>
    internal Task<TResult> UseAsync<TResult>(
        Func<OpenedImage, DiskReader, TResult> operation, CancellationToken cancellationToken) =>
        RunAsync(() => operation(_session.Image, _session.Reader), cancellationToken);

    /// <summary>Runs an operation on the whole image on the calling thread; closing the disk waits for it.</summary>
    internal TResult Use<TResult>(Func<OpenedImage, DiskReader, TResult> operation)
    {
        int token = EnterOpen();
        try
        {
            return operation(_session.Image, _session.Reader);
        }
        finally
        {
            _gate.Exit(token);
        }
    }

    IEnumerable<VmdkRun> Walk(long offsetBytes, long endBytes, CancellationToken cancellationToken)
    {
        // A walk that a reopening has met goes on in the new session, from where it was.
        DiskSession? session = null;
        IEnumerator<(long OffsetBytes, ChainRun Run)>? runs = null;
        while (MoveNext(ref session, ref runs, offsetBytes, endBytes, cancellationToken))
        {
            (long startBytes, ChainRun run) = runs!.Current;
            offsetBytes = startBytes + run.Mapping.LengthBytes;
            yield return new VmdkRun(
                startBytes, run.Mapping.LengthBytes, KindOf(run.Mapping.Kind), run.Depth,
                run.Mapping.File?.Path, run.Mapping.File is null ? null : run.Mapping.FileOffsetBytes);
        }
    }

    // Each step is an operation of its own: a walk that its caller has forgotten must not keep the disk from closing.
    bool MoveNext(
        ref DiskSession? session, ref IEnumerator<(long OffsetBytes, ChainRun Run)>? runs, long offsetBytes,
        long endBytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        int token = EnterOpen();
        try
        {
            if (session != _session)
            {
                session = _session;
                runs = new ChainScan(session.Image.Top).Runs(offsetBytes, endBytes).GetEnumerator();
            }

            return runs!.MoveNext();
        }
        finally
        {
            _gate.Exit(token);
        }
    }

    int EnterOpen()
    {
        while (true)
        {
            int token = _gate.Enter();
            if ((Volatile.Read(ref _closed) | Volatile.Read(ref _reopening)) == 0)
            {
                return token;
            }

            _gate.Exit(token);
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed) != 0, this);
            WaitForReopening();
        }
    }

    void WaitForReopening()
    {
        lock (_reopenLock)
        {
        }
    }

    static VmdkRunKind KindOf(Extents.MappingKind kind) => kind switch
    {
        Extents.MappingKind.Data => VmdkRunKind.Data,
        Extents.MappingKind.Compressed => VmdkRunKind.Compressed,
        Extents.MappingKind.Zero => VmdkRunKind.Zero,
        _ => VmdkRunKind.Unallocated,
    };
}
