using VmdkFast.Format;
using VmdkFast.Opening;
using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>A descriptor, and where it stands.</summary>
/// <param name="File">Its file.</param>
/// <param name="OffsetBytes">Where it begins.</param>
/// <param name="AreaBytes">Room for it; 0 when the file is the descriptor.</param>
/// <param name="Text">What it says.</param>
sealed record DescriptorAt(CheckedFile File, long OffsetBytes, int AreaBytes, DescriptorText Text);

/// <summary>Follows an image to its parents, by descriptors only: each link must name the right content.</summary>
sealed class ChainCheck(CheckRun run, ReferenceOpener references, VmdkLimits limits)
{
    internal void Run(DescriptorAt image, ImageFolder folder)
    {
        var known = new HashSet<FileIdentity> { image.File.File.Identity };
        DescriptorText child = image.Text;
        string childPath = image.File.Path;
        ImageFolder beside = folder;
        try
        {
            for (int depth = 1; child.ParentContentId != DescriptorValue.NoParent; depth++)
            {
                if (Follow(child, childPath, beside, depth, known) is not { } parent)
                {
                    return;
                }

                using LocalFile file = parent.File;
                DescriptorText? text = TryRead(file);
                Compare(child, childPath, text, file.Path, depth == 1 ? image : null);
                if (text is null)
                {
                    return;
                }

                ImageFolder next = parent.Folder ?? ImageFolder.Beside(file.Path, limits);
                if (!ReferenceEquals(next, beside) && !ReferenceEquals(beside, folder))
                {
                    beside.Dispose();
                }

                (child, childPath, beside) = (text, file.Path, next);
            }
        }
        finally
        {
            if (!ReferenceEquals(beside, folder))
            {
                beside.Dispose();
            }
        }
    }

    /// <summary>The descriptor of an image: the file's own text, or the one that its header embeds.</summary>
    /// <exception cref="VmdkException">There is none that can be read.</exception>
    internal static DescriptorText ReadDescriptor(ImageFile file, VmdkLimits limits)
    {
        long offsetBytes = 0;
        long lengthBytes = file.LengthBytes;
        Span<byte> start = stackalloc byte[SparseHeader.SizeBytes];
        int read = file.Read(start, 0);
        if (Probe.Signature(start[..read]) == ImageSignature.HostedSparse && read == start.Length)
        {
            HostedFields header = HostedFields.Read(start);
            if (header.DescriptorOffsetSectors is 0 or > Sector.MaxSectors
                || header.DescriptorSizeSectors is 0 or > Sector.MaxSectors)
            {
                throw new VmdkException(VmdkErrorCode.DescriptorInvalid, file.Path, "the extent embeds no descriptor");
            }

            offsetBytes = Sector.ToBytes(header.DescriptorOffsetSectors);
            lengthBytes = Math.Min(
                Sector.ToBytes(header.DescriptorSizeSectors), Math.Max(0, file.LengthBytes - offsetBytes));
        }

        if (lengthBytes > limits.MaxDescriptorBytes)
        {
            throw new VmdkException(
                VmdkErrorCode.LimitExceeded, file.Path, "the descriptor is too long", offsetBytes, "length",
                $"{lengthBytes} bytes", $"at most {limits.MaxDescriptorBytes} bytes");
        }

        var text = new byte[lengthBytes];
        int got = file.Read(text, offsetBytes);
        return DescriptorText.Parse(text.AsSpan(0, got), file.Path, limits, offsetBytes);
    }

    (LocalFile File, ImageFolder? Folder)? Follow(
        DescriptorText child, string childPath, ImageFolder beside, int depth, HashSet<FileIdentity> known)
    {
        if (child.ParentFileNameHintBytes.IsEmpty)
        {
            run.Log.Add(VmdkFindingKind.ParentMissing, childPath, "the image has a parent, and does not name it");
            return null;
        }

        if (depth >= limits.MaxChainDepth)
        {
            run.Log.Add(
                VmdkFindingKind.ParentLoop, childPath, $"the chain has more than {limits.MaxChainDepth} images");
            return null;
        }

        try
        {
            (LocalFile file, ImageFolder? folder) = references.Open(
                childPath, beside, child.ParentFileNameHintBytes.Span, child.NameEncoding);
            if (known.Add(file.Identity))
            {
                return (file, folder);
            }

            file.Dispose();
            run.Log.Add(
                VmdkFindingKind.ParentLoop, childPath,
                $"the parent '{child.ParentFileNameHint}' is a file that the chain has passed already");
        }
        catch (VmdkException failure)
        {
            VmdkFindingKind kind = failure.Code == VmdkErrorCode.FileMissing
                ? VmdkFindingKind.ParentMissing
                : VmdkFindingKind.NotChecked;
            run.Log.Add(kind, childPath, failure);
        }

        return null;
    }

    DescriptorText? TryRead(LocalFile file)
    {
        try
        {
            return ReadDescriptor(file, limits);
        }
        catch (VmdkException failure) when (failure.Code != VmdkErrorCode.InputOutput)
        {
            return null;
        }
    }

    void Compare(DescriptorText child, string childPath, DescriptorText? parent, string parentPath, DescriptorAt? top)
    {
        if (child.ParentContentId == DescriptorValue.SeeLongContentId || parent?.ContentId == child.ParentContentId)
        {
            return;
        }

        string found = parent is null ? "has no descriptor" : $"has the content ID {parent.ContentId:x8}";
        run.Log.Add(
            VmdkFindingKind.ParentMismatch, childPath,
            $"the parent '{parentPath}' {found}, and the child was made from {child.ParentContentId:x8}");
        if (top is null || parent is null
            || parent.ContentId is DescriptorValue.NoParent or DescriptorValue.SeeLongContentId)
        {
            return;
        }

        DescriptorText accepted = child.WithValue(
            DescriptorKeys.ParentContentId, DescriptorValue.FormatContentId(parent.ContentId));
        if (top.AreaBytes != 0 && accepted.TextLengthBytes > top.AreaBytes)
        {
            return;
        }

        byte[] bytes = top.AreaBytes == 0 ? accepted.ToBytes() : accepted.ToPaddedBytes(top.AreaBytes);
        run.Log.Propose(new WriteStep(
            top.File, RepairClass.AcceptParent, $"the parent is accepted as it is, content ID {parent.ContentId:x8}",
            top.OffsetBytes, bytes));
    }
}
