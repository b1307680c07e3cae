using VmdkFast.Tests.Creating;
using VmdkFast.Tests.Storage;
using VmdkFast.Tests.Support;
using Xunit;
using static VmdkFast.Tests.Streaming.Converted;

namespace VmdkFast.Tests.Streaming;

public sealed class ExistingTargetTests : IDisposable
{
    const long MiB = 1L << 20;

    readonly TempFolder _folder = new();

    public static TheoryData<VmdkDiskKind> Kinds =>
    [
        VmdkDiskKind.MonolithicSparse, VmdkDiskKind.MonolithicFlat, VmdkDiskKind.TwoGbMaxExtentSparse,
        VmdkDiskKind.VmfsSparse,
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task WhatWasThereIsGoneAndWhatIsBeyondTheSourceStays(VmdkDiskKind kind)
    {
        GuestContent content = GuestContent.Scattered(5 * MiB, seed: 31);
        string source = SparseImage.Write(_folder.Path, "source", content);
        GuestContent expected = content.Clone(6 * MiB);
        string target = _folder["disk.vmdk"];
        await Created.MakeAsync(target, Created.Fixed(kind, 6 * MiB));
        using (VmdkDisk disk = VmdkDisk.Open(target, new VmdkOpenOptions { Access = VmdkOpenAccess.ReadWrite }))
        {
            byte[] old = new byte[6 * MiB];
            old.AsSpan().Fill(0xee);
            disk.Write(old, 0);
            expected.Write(5 * MiB, old.AsSpan(0, (int)MiB));
        }

        await ConvertAsync(source, target, To(kind) with { IntoExisting = true });
        MustHold(expected, target, kind, _folder);
    }

    [Fact]
    public async Task AChildIsWrittenWithoutItsParentShowingThrough()
    {
        GuestContent old = GuestContent.Scattered(5 * MiB, seed: 32);
        GuestContent content = GuestContent.Scattered(5 * MiB, seed: 33);
        string source = SparseImage.Write(_folder.Path, "source", content);
        string bottom = SparseImage.Write(_folder.Path, "base", old);
        byte[] before = await File.ReadAllBytesAsync(bottom, TestContext.Current.CancellationToken);
        string child = await Created.MakeAsync(
            _folder["child.vmdk"], new VmdkCreateOptions { ParentPath = bottom, Sync = false });
        await ConvertAsync(source, child, To(VmdkDiskKind.MonolithicSparse) with { IntoExisting = true });
        DiskAssert.Holds(content, child);
        Assert.Equal(before, await File.ReadAllBytesAsync(bottom, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ATargetThatIsSaidToBeZeroGetsNoZeros()
    {
        var content = new GuestContent(4 * MiB);
        content.Fill(MiB, MiB, ContentPattern.Mixed);
        string source = SparseImage.Write(_folder.Path, "source", content);
        byte[] old = new byte[4 * MiB];
        old[3 * MiB] = 7;
        await File.WriteAllBytesAsync(_folder["disk.raw"], old, TestContext.Current.CancellationToken);
        await ConvertAsync(
            source, _folder["disk.raw"], new VmdkConvertOptions { IntoExisting = true, TargetIsZero = true });

        // A lie, told to see that it is believed.
        byte[] written = await File.ReadAllBytesAsync(_folder["disk.raw"], TestContext.Current.CancellationToken);
        Assert.Equal(7, written[3 * MiB]);
        written[3 * MiB] = 0;
        DiskAssert.SameBytes(content, 0, written);
    }

    [Fact]
    public async Task MissingSmallAndCompressedTargetsAreRefused()
    {
        string source = SparseImage.Write(_folder.Path, "source", GuestContent.Scattered(2 * MiB, seed: 34));
        VmdkConvertOptions into = To(VmdkDiskKind.MonolithicSparse) with { IntoExisting = true };
        VmdkErrorCode code = (await Assert.ThrowsAsync<VmdkException>(
            () => ConvertAsync(source, _folder["absent.vmdk"], into))).Code;
        Assert.Equal(VmdkErrorCode.FileMissing, code);
        foreach (VmdkDiskKind kind in new[] { VmdkDiskKind.MonolithicSparse, VmdkDiskKind.StreamOptimized })
        {
            long length = kind == VmdkDiskKind.StreamOptimized ? 2 * MiB : MiB;
            string target = await Created.MakeAsync(_folder[$"{kind}.vmdk"], kind, length);
            byte[] before = await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken);
            code = (await Assert.ThrowsAsync<VmdkException>(() => ConvertAsync(source, target, into))).Code;
            Assert.Equal(VmdkErrorCode.TargetRefused, code);
            Assert.Equal(before, await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task LoopDevicesAreSourceAndTarget()
    {
        GuestContent content = GuestContent.Scattered(8 * MiB, seed: 35);
        content.WriteRaw(_folder["source.raw"]);
        byte[] old = new byte[8 * MiB];
        old.AsSpan().Fill(0xee);
        await File.WriteAllBytesAsync(_folder["target.raw"], old, TestContext.Current.CancellationToken);
        using LoopDevice from = LoopDevice.OrSkip(_folder["source.raw"]), to = LoopDevice.OrSkip(_folder["target.raw"]);
        using (VmdkDisk source = VmdkDisk.OpenRaw(from.Path))
        {
            await VmdkImage.ConvertAsync(
                source, to.Path, new VmdkConvertOptions { Sync = true },
                cancellationToken: TestContext.Current.CancellationToken);
            await VmdkImage.ConvertAsync(
                source, _folder["disk.vmdk"], To(VmdkDiskKind.StreamOptimized),
                cancellationToken: TestContext.Current.CancellationToken);
            foreach (VmdkDiskKind kind in new[] { VmdkDiskKind.MonolithicSparse, VmdkDiskKind.StreamOptimized })
            {
                VmdkException refused = await Assert.ThrowsAsync<VmdkException>(
                    () => VmdkImage.ConvertAsync(
                        source, to.Path, To(kind), cancellationToken: TestContext.Current.CancellationToken));
                Assert.Equal(VmdkErrorCode.TargetRefused, refused.Code);
            }
        }

        DiskAssert.Holds(content, _folder["disk.vmdk"]);
        using VmdkDisk target = VmdkDisk.OpenRaw(to.Path);
        DiskAssert.Holds(content, target);
    }

    public void Dispose() => _folder.Dispose();
}
