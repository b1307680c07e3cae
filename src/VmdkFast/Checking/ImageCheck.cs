using System.Buffers.Binary;
using VmdkFast.Format;
using VmdkFast.Opening;
using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>
/// Checks an image file by file. Unlike the opener it does not end at the first fault: what is wrong becomes a finding,
/// and whatever can still be looked at is.
/// </summary>
sealed class ImageCheck : IDisposable
{
    const int NewlineTestOffset = 73;

    readonly CheckRun _run;
    readonly VmdkOpenOptions _open;
    readonly ReferenceOpener _references;
    readonly FileAccessMode _mode;
    readonly Func<LocalFile, ImageFile>? _view;
    readonly HeldFiles _files;
    readonly TakenRanges _taken = new();
    readonly FlatCheck _flat;

    /// <param name="run">Options, findings, sums.</param>
    /// <param name="mode">Whether the files will be written by a repair.</param>
    /// <param name="view">What stands before each file, with the changes of a plan; null for the files.</param>
    internal ImageCheck(CheckRun run, FileAccessMode mode, Func<LocalFile, ImageFile>? view = null)
    {
        _view = view;
        _run = run;
        _mode = mode;
        _flat = new FlatCheck(run, _taken);
        _files = new HeldFiles(run.Options.ForceShare);
        _open = run.Options.OpenOptions;
        _references = new ReferenceOpener(_open);
    }

    /// <summary>The file that the caller named.</summary>
    internal CheckedFile? Top { get; private set; }

    /// <summary>Checks everything.</summary>
    /// <exception cref="VmdkException">The file cannot be opened, or nothing in it belongs to a VMDK.</exception>
    internal void Run(string path, CancellationToken cancellationToken)
    {
        LocalFile file = _files.Keep(LocalFile.Open(path, _mode));
        _taken.Take(file, new ByteRange(0, long.MaxValue));
        Top = new CheckedFile(file, _view?.Invoke(file));
        using ImageFolder folder = ImageFolder.Beside(path, _open.Limits);
        ImageSignature signature = Look(Top);
        if (_run.Options.RebuildsDescriptor && signature != ImageSignature.HostedSparse)
        {
            VmdkException.Throw(
                VmdkErrorCode.TargetRefused, path, "only a hosted sparse file embeds a descriptor", 0, "magic",
                $"{signature}", "KDMV; or the first extent, of a disk whose descriptor is a file of its own");
        }

        switch (signature)
        {
            case ImageSignature.HostedSparse:
                RunHosted(Top, folder, cancellationToken);
                break;
            case ImageSignature.Cowd:
                new SparseCheck(_run, Top, 0).RunCowd(cancellationToken);
                break;
            case ImageSignature.SeSparse:
                new SeSparseCheck(_run, Top, 0).Run(cancellationToken);
                break;
            default:
                RunDescriptor(Top, folder, cancellationToken);
                break;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _files.Dispose();

    // Also a file that has lost its signature is told by what else a hosted file has.
    static ImageSignature Look(CheckedFile file)
    {
        var start = new byte[DescriptorText.ProbeBytes];
        int read = file.File.Read(start, 0);
        bool isHosted = read >= SparseHeader.SizeBytes && Probe.Signature(start.AsSpan(0, read)) is null
            && BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(NewlineTestOffset))
                == SparseHeader.NewlineTestValue;
        return isHosted ? ImageSignature.HostedSparse : Probe.Look(file.File);
    }

    void RunHosted(CheckedFile file, ImageFolder folder, CancellationToken cancellationToken)
    {
        var check = new SparseCheck(_run, file, 0);
        check.RunHosted(null, cancellationToken);
        check.Hosted!.Embedded.Require();
        if (check.Hosted is not { Embedded.Text: { } descriptor } hosted)
        {
            if (_run is { WantsSteps: true, Options.RebuildsDescriptor: true })
            {
                HeaderRestore.ProposeDescriptor(check.Hosted, file);
            }

            return;
        }

        if (hosted.Shape is null && hosted.Header!.CapacitySectors == 0)
        {
            RunExtents(descriptor, file, folder, cancellationToken);
        }
        else if (hosted.Shape is { } shape)
        {
            if (JudgeCapacity(
                file, shape.CapacitySectors, shape.GrainSectors, descriptor.CapacitySectors, CapacityOffset))
            {
                HeaderRestore.ProposeSignature(hosted, file, _run.Log);
            }

            JudgeWhole(descriptor, file, folder, [hosted.Header!]);
            DescriptorCheck.JudgeEmbeddedKind(descriptor, file.Path, _run.Log);
        }

        new ChainCheck(_run, _references, _open.Limits).Run(
            new DescriptorAt(file, hosted.Embedded.OffsetBytes, hosted.Embedded.AreaBytes, descriptor), folder);
    }

    void RunDescriptor(CheckedFile file, ImageFolder folder, CancellationToken cancellationToken)
    {
        DescriptorText descriptor;
        try
        {
            descriptor = ChainCheck.ReadDescriptor(file.File, _open.Limits);
        }
        catch (VmdkException refusal) when (refusal.Code != VmdkErrorCode.InputOutput)
        {
            _run.Log.Add(VmdkFindingKind.DescriptorInvalid, refusal);
            return;
        }

        RunExtents(descriptor, file, folder, cancellationToken);
        new ChainCheck(_run, _references, _open.Limits).Run(new DescriptorAt(file, 0, 0, descriptor), folder);
    }

    void RunExtents(
        DescriptorText descriptor, CheckedFile file, ImageFolder folder, CancellationToken cancellationToken)
    {
        if (descriptor.Extents.Count == 0)
        {
            _run.Log.Add(VmdkFindingKind.DescriptorInvalid, file.Path, "the descriptor lists no extent");
        }

        var headers = new List<HostedFields>();
        long guestStart = 0;
        foreach (ExtentLine line in descriptor.Extents)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RunLine(line, file, folder, guestStart, headers, cancellationToken);
            guestStart += line.LengthSectors << Sector.Shift;
        }

        _flat.JudgeEnds(descriptor.Kind);
        JudgeWhole(descriptor, file, folder, headers);
        DescriptorCheck.JudgeKind(descriptor, file.Path, _run.Log);
    }

    void RunLine(
        ExtentLine line, CheckedFile descriptor, ImageFolder folder, long guestStart, List<HostedFields> headers,
        CancellationToken cancellationToken)
    {
        if (line.Type == VmdkExtentType.Zero || line.Access == VmdkAccess.None)
        {
            return;
        }

        var guest = new GuestStretch(guestStart, line.LengthSectors << Sector.Shift);
        bool isMapped = ExtentOpener.IsRaw(line.Type) && _open.RawMappings.ContainsKey(line.FileName!);
        if (!isMapped && line.Type is not (VmdkExtentType.Flat or VmdkExtentType.Vmfs or VmdkExtentType.Sparse
            or VmdkExtentType.VmfsSparse or VmdkExtentType.SeSparse))
        {
            _run.Log.Add(
                VmdkFindingKind.NotChecked, descriptor.Path, $"extents of type {line.Type} cannot be checked", null,
                guest);
            return;
        }

        LocalFile? opened = TryOpen(line, descriptor, folder, guest, isMapped);
        if (opened is null)
        {
            return;
        }

        try
        {
            var file = new CheckedFile(opened, _view?.Invoke(opened));
            if (isMapped || line.Type is VmdkExtentType.Flat or VmdkExtentType.Vmfs)
            {
                _flat.Judge(line, file, isMapped, descriptor.Path, guest);
            }
            else
            {
                JudgeSparse(line, file, descriptor, guest, headers, cancellationToken);
            }
        }
        catch (VmdkException failure)
        {
            _run.Log.Add(VmdkFindingKind.NotChecked, failure);
        }
        finally
        {
            if (!_run.WantsSteps)
            {
                _files.Drop(opened);
            }
        }
    }

    LocalFile? TryOpen(ExtentLine line, CheckedFile descriptor, ImageFolder folder, GuestStretch guest, bool isMapped)
    {
        try
        {
            if (isMapped)
            {
                // The caller's, hence any device; and nothing of a flat extent is ever repaired.
                return _files.Keep(LocalFile.Open(_open.RawMappings[line.FileName!], FileAccessMode.Read));
            }

            FileAccessMode mode = line.Access == VmdkAccess.ReadOnly ? FileAccessMode.Read : _mode;
            return _files.Keep(_references.OpenExtent(
                descriptor.Path, folder, line.FileNameBytes.Span, line.NameEncoding, mode));
        }
        catch (VmdkException failure) when (failure.Code == VmdkErrorCode.FileMissing)
        {
            _run.Log.Add(
                VmdkFindingKind.ExtentMissing, descriptor.Path, $"the file '{line.FileName}' of an extent is missing",
                null, guest);
        }
        catch (VmdkException failure) when (failure.Code != VmdkErrorCode.Locked)
        {
            _run.Log.Add(VmdkFindingKind.NotChecked, failure.Path, failure, guest);
        }

        return null;
    }

    void JudgeSparse(
        ExtentLine line, CheckedFile file, CheckedFile descriptor, GuestStretch guest, List<HostedFields> headers,
        CancellationToken cancellationToken)
    {
        if (!_taken.Take(file.Local, new ByteRange(0, long.MaxValue)))
        {
            ReportTwice(file, descriptor, guest);
            return;
        }

        ImageSignature signature;
        try
        {
            signature = Look(file);
        }
        catch (VmdkException refusal) when (refusal.Code == VmdkErrorCode.NotVmdk)
        {
            _run.Log.Add(VmdkFindingKind.ExtentInvalid, file.Path, refusal.MessageBehindPath, 0, guest);
            return;
        }

        if (signature == ImageSignature.SeSparse)
        {
            JudgeSeSparse(line, file, guest, cancellationToken);
            return;
        }

        var check = new SparseCheck(_run, file, guest.OffsetBytes);
        switch (signature)
        {
            case ImageSignature.HostedSparse:
                check.RunHosted(line.LengthSectors, cancellationToken);
                break;
            case ImageSignature.Cowd:
                check.RunCowd(cancellationToken);
                break;
            default:
                _run.Log.Add(
                    VmdkFindingKind.ExtentInvalid, file.Path,
                    "the file is not the sparse extent that the descriptor names",
                    0, guest);
                return;
        }

        if (check.Hosted?.Header is { } header)
        {
            headers.Add(header);
        }

        if (check.Shape is { } shape)
        {
            bool agrees = JudgeCapacity(
                file, shape.CapacitySectors, shape.GrainSectors, line.LengthSectors, CapacityOffset);
            if (agrees && check.Hosted is { } hosted)
            {
                HeaderRestore.ProposeSignature(hosted, file, _run.Log);
            }
        }
    }

    void JudgeSeSparse(
        ExtentLine line, CheckedFile file, GuestStretch guest, CancellationToken cancellationToken)
    {
        var check = new SeSparseCheck(_run, file, guest.OffsetBytes);
        check.Run(cancellationToken);
        JudgeCapacity(
            file, check.CapacitySectors ?? line.LengthSectors, SeSparseHeader.GrainSectors, line.LengthSectors,
            SeSparseCheck.CapacityOffsetBytes);
    }

    // The same place in hosted and in COWD headers.
    static long CapacityOffset => HostedHeaderCheck.OffsetOf(nameof(SparseHeader.CapacitySectors));

    bool JudgeCapacity(
        CheckedFile file, long capacitySectors, long grainSectors, long lineSectors, long fieldOffset)
    {
        // A capacity is often rounded up to whole grains, and the descriptor's length is not.
        long rounded = (lineSectors + grainSectors - 1) & -grainSectors;
        VmdkFindingKind? kind = capacitySectors < lineSectors ? VmdkFindingKind.ExtentTooShort
            : capacitySectors > rounded ? VmdkFindingKind.ExtentTooLong
            : null;
        if (kind is { } found)
        {
            _run.Log.Add(
                found, file.Path, $"the header says {capacitySectors} sectors, the descriptor {lineSectors}",
                fieldOffset);

            // One of the two is wrong, and how many tables there are follows from it: nothing can be made of that.
            _run.Log.Withdraw(file);
        }

        return kind is null;
    }

    void JudgeWhole(
        DescriptorText descriptor, CheckedFile file, ImageFolder folder, List<HostedFields> headers)
    {
        DescriptorCheck.JudgeParentId(descriptor, file.Path, _run.Log);
        DescriptorCheck.JudgeGeometry(descriptor, file.Path, _run.Log);
        bool? tracks = headers.Count == 0 ? null : headers.Any(header => header is { Version: 3, IsCompressed: false });
        DescriptorCheck.JudgeTracking(descriptor, file.Path, tracks, () => Exists(descriptor, file, folder), _run.Log);
    }

    // A policy that forbids the file says nothing of it, and nobody will read it.
    bool Exists(DescriptorText descriptor, CheckedFile file, ImageFolder folder)
    {
        try
        {
            _references.OpenExtent(
                file.Path, folder, descriptor.ChangeTrackPathBytes.Span, descriptor.NameEncoding,
                FileAccessMode.Read).Dispose();
            return true;
        }
        catch (VmdkException failure)
        {
            return failure.Code != VmdkErrorCode.FileMissing;
        }
    }

    void ReportTwice(CheckedFile file, CheckedFile descriptor, GuestStretch guest) => _run.Log.Add(
        VmdkFindingKind.ExtentTwice, descriptor.Path, $"the file '{file.Path}' serves two extents", null, guest);
}
