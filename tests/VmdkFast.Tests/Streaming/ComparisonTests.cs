using System.Buffers.Binary;
using CsCheck;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Streaming;

/// <summary>Two disks side by side; arrays of bytes are the judge.</summary>
public sealed class ComparisonTests : IDisposable
{
    const int LengthBytes = (3 << 20) + (5 * 512);

    readonly TempFolder _folder = new();
    int _images;

    [Theory]
    [MemberData(nameof(ImageKinds.All), MemberType = typeof(ImageKinds))]
    public async Task EveryKindIsTheSameAsTheRawDiskAndOneByteMakesItAnother(ImageKind kind)
    {
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 5, rangeCount: 12);
        using VmdkDisk image = VmdkDisk.Open(Write(kind, content));
        byte[] bytes = content.Read(0, LengthBytes);
        string raw = Raw(bytes);
        Assert.True((await CompareAsync(image, raw)).AreSame);
        foreach (int at in new[] { 0, 70_001, LengthBytes / 2, LengthBytes - 1 })
        {
            bytes[at] ^= 0x40;
            VmdkComparison comparison = await CompareAsync(image, Raw(bytes));
            Assert.Equal(VmdkDifference.Content, comparison.Difference);
            Assert.Equal(at, comparison.OffsetBytes);
            bytes[at] ^= 0x40;
        }
    }

    [Fact]
    public void TheLowestDifferenceIsFoundWhateverKindsAndThreads() =>
        Gen.Select(
            Gen.Enum<ImageKind>(), Gen.Enum<ImageKind>(), Gen.Int[0, LengthBytes - 1].Array[0, 6], Gen.Int[1, 5],
            Gen.Int[1, 1000]).Sample(
            (one, other, changes, threads, seed) =>
            {
                GuestContent first = GuestContent.Scattered(LengthBytes, seed, rangeCount: 6);
                GuestContent second = first.Clone();
                foreach (int at in changes)
                {
                    byte changed = (byte)(second.Read(at, 1)[0] + 1);
                    second.Write(at, [changed]);
                }

                byte[] a = first.Read(0, LengthBytes);
                byte[] b = second.Read(0, LengthBytes);
                int same = a.AsSpan().CommonPrefixLength(b);
                using VmdkDisk left = VmdkDisk.Open(Write(one, first));
                using VmdkDisk right = VmdkDisk.Open(Write(other, second));
                VmdkComparison comparison = VmdkImage.CompareAsync(
                    left, right, new VmdkCompareOptions { Threads = threads }).GetAwaiter().GetResult();
                return same == LengthBytes ? comparison.AreSame : comparison.OffsetBytes == same;
            },
            iter: 60, threads: 1);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatIsPastTheShorterDiskMustBeZeros(bool longerFirst)
    {
        byte[] shorter = new byte[1 << 20];
        new Random(1).NextBytes(shorter);
        byte[] longer = new byte[(1 << 20) + 2048];
        shorter.CopyTo(longer, 0);
        Assert.True((await Compare(longer, shorter)).AreSame);
        longer[^3] = 1;
        VmdkComparison comparison = await Compare(longer, shorter);
        Assert.Equal((VmdkDifference.Content, longer.Length - 3), (comparison.Difference, comparison.OffsetBytes));

        VmdkComparison strict = await Compare(longer, shorter, strict: true);
        Assert.Equal((VmdkDifference.Length, null), (strict.Difference, strict.OffsetBytes));
        Assert.Equal(
            new[] { (long)shorter.Length, longer.Length },
            new[] { strict.FirstLengthBytes, strict.SecondLengthBytes }.Order());

        async Task<VmdkComparison> Compare(byte[] big, byte[] small, bool strict = false)
        {
            using VmdkDisk a = VmdkDisk.OpenRaw(Raw(longerFirst ? big : small));
            using VmdkDisk b = VmdkDisk.OpenRaw(Raw(longerFirst ? small : big));
            return await VmdkImage.CompareAsync(
                a, b, new VmdkCompareOptions { Strict = strict },
                cancellationToken: TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task StrictComparisonsFindTheFirstRunThatIsAllocatedOtherwise()
    {
        var content = new GuestContent(4 << 20).Fill(1 << 20, 65536, ContentPattern.Random);
        GuestContent zeros = content.Clone().Fill(2 << 20, 65536, ContentPattern.Zeros);
        using VmdkDisk plain = VmdkDisk.Open(Write(ImageKind.MonolithicSparse, content));
        using VmdkDisk version2 = VmdkDisk.Open(Write(ImageKind.SparseVersion2, zeros));
        var strict = new VmdkCompareOptions { Strict = true };
        CancellationToken cancellation = TestContext.Current.CancellationToken;

        Assert.True((await VmdkImage.CompareAsync(plain, version2, cancellationToken: cancellation)).AreSame);
        VmdkComparison difference = await VmdkImage.CompareAsync(plain, version2, strict, null, cancellation);
        Assert.Equal((VmdkDifference.Allocation, 2L << 20), (difference.Difference, difference.OffsetBytes));
        Assert.True((await VmdkImage.CompareAsync(plain, plain, strict, null, cancellation)).AreSame);

        // A byte that differs below comes first, one above does not.
        content.Write((1 << 20) + 3, [0x11, 0x22]);
        using VmdkDisk changed = VmdkDisk.Open(Write(ImageKind.MonolithicSparse, content));
        VmdkComparison below = await VmdkImage.CompareAsync(changed, version2, strict, null, cancellation);
        Assert.Equal(VmdkDifference.Content, below.Difference);
        Assert.InRange(below.OffsetBytes!.Value, (1 << 20) + 3, (1 << 20) + 4);
    }

    [Fact]
    public async Task StrictComparisonsTellCompressedFromPlainAsQemuImgDoes()
    {
        GuestContent content = new GuestContent(4 << 20).Fill(1 << 20, 65536, ContentPattern.Random);
        string plain = Write(ImageKind.MonolithicSparse, content);
        string stream = Write(ImageKind.StreamExport, content);
        using VmdkDisk a = VmdkDisk.Open(plain);
        using VmdkDisk b = VmdkDisk.Open(stream);
        VmdkComparison difference = await VmdkImage.CompareAsync(
            a, b, new VmdkCompareOptions { Strict = true }, null, TestContext.Current.CancellationToken);
        Assert.Equal((VmdkDifference.Allocation, 1L << 20), (difference.Difference, difference.OffsetBytes));
        PeerResult peer = Peers.Run("qemu-img", "compare", "-U", "-s", "-f", "vmdk", "-F", "vmdk", plain, stream);
        Assert.Equal(1, peer.ExitCode);
        Assert.Contains("Offset 1048576 block status mismatch", peer.Output);
    }

    [Fact]
    public async Task WhatIsNothingOnBothSidesIsNotRead()
    {
        const long Huge = 60L << 40;
        var first = new GuestContent(Huge).Fill(Huge - 4096, 512, ContentPattern.Random, 1);
        var second = new GuestContent(Huge).Fill(Huge - 4096, 512, ContentPattern.Random, 2);
        var options = new SparseOptions { GrainSectors = 1 << 16 };
        using VmdkDisk a = VmdkDisk.Open(SparseImage.Write(_folder.Subfolder("a"), "a", first, options));
        using VmdkDisk b = VmdkDisk.Open(SparseImage.Write(_folder.Subfolder("b"), "b", second, options));
        VmdkComparison comparison = await VmdkImage.CompareAsync(
            a, b, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(Huge - 4096 + first.Read(Huge - 4096, 512).AsSpan().CommonPrefixLength(
            second.Read(Huge - 4096, 512)), comparison.OffsetBytes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task ADifferenceBelowADamagedPlaceIsFoundAndOneAboveItIsNot(int threads)
    {
        GuestContent content = new GuestContent(8 << 20).Fill(0, 8 << 20, ContentPattern.Random);
        string damaged = Write(ImageKind.StreamLocal, content);
        long markerAt;
        using (VmdkDisk whole = VmdkDisk.Open(damaged))
        {
            markerAt = whole.Map(TestContext.Current.CancellationToken)
                .First(run => run.OffsetBytes >= 4 << 20).FileOffsetBytes!.Value;
        }

        using (FileStream file = File.OpenWrite(damaged))
        {
            byte[] length = new byte[4];
            BinaryPrimitives.WriteUInt32LittleEndian(length, uint.MaxValue);
            file.Position = markerAt + 8;
            file.Write(length);
        }

        using VmdkDisk image = VmdkDisk.Open(damaged);
        byte[] bytes = content.Read(0, 8 << 20);
        var options = new VmdkCompareOptions { Threads = threads };
        bytes[^1] ^= 1;
        VmdkException failure = await Assert.ThrowsAsync<VmdkException>(() => CompareAsync(image, Raw(bytes), options));
        Assert.Equal(VmdkErrorCode.GrainInvalid, failure.Code);
        bytes[(4 << 20) - 1] ^= 1;
        Assert.Equal((4 << 20) - 1, (await CompareAsync(image, Raw(bytes), options)).OffsetBytes);
    }

    [Fact]
    public async Task ProgressEndsWithTheWholeDiskAndCancellingEndsTheWork()
    {
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 9);
        using VmdkDisk image = VmdkDisk.Open(Write(ImageKind.MonolithicSparse, content));
        var last = new LastReport();
        Assert.True((await VmdkImage.CompareAsync(
            image, image, null, last, TestContext.Current.CancellationToken)).AreSame);
        Assert.Equal((LengthBytes, LengthBytes), (last.Value.DoneBytes, last.Value.TotalBytes));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => VmdkImage.CompareAsync(
            image, image, cancellationToken: new CancellationToken(canceled: true)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => VmdkImage.CompareAsync(
            image, image, new VmdkCompareOptions { Threads = 65 }, null, TestContext.Current.CancellationToken));
    }

    public void Dispose() => _folder.Dispose();

    static async Task<VmdkComparison> CompareAsync(VmdkDisk image, string raw, VmdkCompareOptions? options = null)
    {
        await using VmdkDisk other = VmdkDisk.OpenRaw(raw);
        return await VmdkImage.CompareAsync(image, other, options, null, TestContext.Current.CancellationToken);
    }

    string Write(ImageKind kind, GuestContent content) =>
        ImageKinds.Write(kind, _folder.Subfolder($"{_images++}"), content);

    string Raw(byte[] bytes)
    {
        string path = _folder[$"{_images++}.raw"];
        File.WriteAllBytes(path, bytes);
        return path;
    }

    sealed class LastReport : IProgress<VmdkProgress>
    {
        internal VmdkProgress Value { get; private set; }

        public void Report(VmdkProgress value) => Value = value;
    }
}
