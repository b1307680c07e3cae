using VmdkFast.Tests.Support;
using Xunit;
using static VmdkFast.Tests.Streaming.Converted;

namespace VmdkFast.Tests.Streaming;

public sealed class ChildTargetTests : IDisposable
{
    const long KiB = 1L << 10, MiB = 1L << 20;

    readonly TempFolder _folder = new();
    readonly GuestContent _old = GuestContent.Scattered((6 * MiB) + 512, seed: 41)
        .Fill(2 * MiB, 90_000, ContentPattern.Random);

    public static TheoryData<VmdkDiskKind, bool, long> Children => new()
    {
        { VmdkDiskKind.MonolithicSparse, false, 64 * KiB }, { VmdkDiskKind.MonolithicSparse, true, 64 * KiB },
        { VmdkDiskKind.MonolithicSparse, true, 4 * KiB }, { VmdkDiskKind.MonolithicSparse, false, 2 * MiB },
        { VmdkDiskKind.TwoGbMaxExtentSparse, false, 64 * KiB }, { VmdkDiskKind.VmfsSparse, false, 512 },
    };

    [Theory]
    [MemberData(nameof(Children))]
    public async Task OnlyGrainsThatDifferAreStored(VmdkDiskKind kind, bool zeroGrains, long grainBytes)
    {
        string parent = SparseImage.Write(_folder.Path, "base", _old);
        GuestContent content = _old.Clone();
        content.Fill(MiB + 700, 9000, ContentPattern.Random).Fill(2 * MiB, 70_000, ContentPattern.Zeros)
            .Fill(content.LengthBytes - 512, 512, ContentPattern.Zeros).Fill(0, 4096, ContentPattern.Stamp, seed: 9);
        string source = FlatImage.Write(_folder.Subfolder("source"), "source", content);

        VmdkConvertOptions options = To(kind);
        await ConvertAsync(source, _folder["child.vmdk"], options with
        {
            Target = options.Target! with { ParentPath = parent, ZeroGrains = zeroGrains, GrainBytes = grainBytes },
        });

        MustHold(content, _folder["child.vmdk"], kind, _folder);
        using VmdkDisk child = VmdkDisk.Open(_folder["child.vmdk"]);
        Assert.Equal(2, child.Layers.Count);
        Assert.Equal("base.vmdk", child.Layers[0].ParentFileNameHint);
        Assert.Equal(Differences(content, grainBytes), Stored(child, grainBytes));
        if (zeroGrains && grainBytes == 4 * KiB)
        {
            Assert.Contains(
                child.Map(TestContext.Current.CancellationToken),
                run => run is { OffsetBytes: 2 * MiB, Depth: 0, Kind: VmdkRunKind.Zero });
        }
    }

    [Fact]
    public async Task ABaseThatIsShorterOrLongerIsCompared()
    {
        string parent = SparseImage.Write(_folder.Path, "base", _old);
        foreach (long length in new[] { 3 * MiB, 11 * MiB })
        {
            GuestContent content = _old.Clone(length);
            if (length > _old.LengthBytes)
            {
                content.Fill(9 * MiB, 3 * KiB, ContentPattern.Random);
            }

            string source = FlatImage.Write(_folder.Subfolder($"{length}"), "source", content);
            VmdkConvertOptions options = To(VmdkDiskKind.MonolithicSparse);
            await ConvertAsync(source, _folder[$"child-{length}.vmdk"], options with
            {
                Target = options.Target! with { ParentPath = parent },
            });
            DiskAssert.Holds(content, _folder[$"child-{length}.vmdk"]);
        }
    }

    [Fact]
    public async Task AChildNeverTakesItsBasesName()
    {
        string parent = SparseImage.Write(_folder.Path, "base", _old);
        string source = FlatImage.Write(_folder.Path, "source", _old);
        VmdkConvertOptions options = To(VmdkDiskKind.MonolithicSparse);
        VmdkException refused = await Assert.ThrowsAsync<VmdkException>(() => ConvertAsync(
            source, parent, options with { Target = options.Target! with { ParentPath = parent } }));
        Assert.Equal(VmdkErrorCode.TargetRefused, refused.Code);
        DiskAssert.Holds(_old, parent);
    }

    List<long> Differences(GuestContent content, long grainBytes)
    {
        var grains = new List<long>();
        for (long offset = 0; offset < content.LengthBytes; offset += grainBytes)
        {
            int length = (int)Math.Min(grainBytes, content.LengthBytes - offset);
            if (!content.Read(offset, length).AsSpan().SequenceEqual(_old.Read(offset, length)))
            {
                grains.Add(offset / grainBytes);
            }
        }

        return grains;
    }

    static List<long> Stored(VmdkDisk disk, long grainBytes)
    {
        var grains = new List<long>();
        foreach (VmdkRun run in disk.Map(TestContext.Current.CancellationToken))
        {
            for (long offset = run.OffsetBytes; run is { Depth: 0 } && run.Kind != VmdkRunKind.Unallocated
                && offset < run.OffsetBytes + run.LengthBytes; offset += grainBytes)
            {
                grains.Add(offset / grainBytes);
            }
        }

        return grains;
    }

    public void Dispose() => _folder.Dispose();
}
