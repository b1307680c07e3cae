using System.Globalization;
using System.IO.Hashing;
using System.Security.Cryptography;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Streaming;

/// <summary>Digests of content: the raw bytes hashed by the framework are the judge.</summary>
public sealed class DigestTests : IDisposable
{
    const int LengthBytes = (5 << 20) + (3 * 512);

    readonly TempFolder _folder = new();

    [Theory]
    [MemberData(nameof(ImageKinds.All), MemberType = typeof(ImageKinds))]
    public async Task EveryKindHasTheDigestOfItsRawBytes(ImageKind kind)
    {
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 21);
        await using VmdkDisk disk = VmdkDisk.Open(ImageKinds.Write(kind, _folder.Path, content));
        foreach (int threads in new[] { 1, 3 })
        {
            Assert.Equal(
                new VmdkDigest(
                    VmdkDigestAlgorithm.XxHash128, content.Hash().ToString("x32", CultureInfo.InvariantCulture),
                    LengthBytes),
                await HashAsync(disk, VmdkDigestAlgorithm.XxHash128, threads));
        }

        Assert.Equal(
            new VmdkDigest(VmdkDigestAlgorithm.Sha256, content.Sha256(), LengthBytes),
            await HashAsync(disk, VmdkDigestAlgorithm.Sha256, 2));
    }

    [Fact]
    public async Task ParentsCount()
    {
        var below = GuestContent.Scattered(4 << 20, seed: 2);
        string parent = SparseImage.Write(_folder.Path, "parent", below);
        GuestContent above = below.Clone().Fill(1 << 20, 100_000 / 512 * 512, ContentPattern.Random, 3);
        string child = Chain.WriteChild(ChildKind.MonolithicSparse, _folder.Path, "child", above, parent, below);
        await using VmdkDisk disk = VmdkDisk.Open(child);
        Assert.Equal(above.Sha256(), (await HashAsync(disk, VmdkDigestAlgorithm.Sha256, 2)).Hex);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(700_001)]
    public async Task ARawFileCountsWithItsLastSectorFilled(int lengthBytes)
    {
        byte[] padded = new byte[(lengthBytes + 511) / 512 * 512];
        new Random(1).NextBytes(padded.AsSpan(0, lengthBytes));
        File.WriteAllBytes(_folder["disk.raw"], padded[..lengthBytes]);
        await using VmdkDisk disk = VmdkDisk.OpenRaw(_folder["disk.raw"]);
        VmdkDigest digest = await HashAsync(disk, VmdkDigestAlgorithm.XxHash128, 2);
        Assert.Equal(Convert.ToHexStringLower(XxHash128.Hash(padded)), digest.Hex);
        Assert.Equal(padded.Length, digest.LengthBytes);
    }

    [Fact]
    public async Task HolesAreHashedWithoutBeingRead()
    {
        // 3 GiB of zeros: a source that read them would take a buffer of them, and a minute.
        using (FileStream file = File.Create(_folder["disk.raw"]))
        {
            file.SetLength(3L << 30);
        }

        await using VmdkDisk disk = VmdkDisk.OpenRaw(_folder["disk.raw"]);
        var read = new ReadBytes();
        VmdkDigest digest = await VmdkImage.HashAsync(disk, null, read, TestContext.Current.CancellationToken);
        Assert.Equal(0, read.Value);
        var judge = new XxHash128();
        byte[] zeros = new byte[1 << 20];
        for (int i = 0; i < 3 << 10; i++)
        {
            judge.Append(zeros);
        }

        Assert.Equal(Convert.ToHexStringLower(judge.GetCurrentHash()), digest.Hex);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => VmdkImage.HashAsync(
            disk, cancellationToken: new CancellationToken(canceled: true)));
    }

    public static TheoryData<VmdkDiskKind> TargetKinds =>
    [
        VmdkDiskKind.Raw, VmdkDiskKind.MonolithicSparse, VmdkDiskKind.StreamOptimized, VmdkDiskKind.MonolithicFlat,
        VmdkDiskKind.VmfsSparse,
    ];

    [Theory]
    [MemberData(nameof(TargetKinds))]
    public async Task AConversionMakesTheDigestOnTheWayAndReadsItBack(VmdkDiskKind kind)
    {
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 22);
        await using VmdkDisk disk = VmdkDisk.Open(ImageKinds.Write(ImageKind.StreamExport, _folder.Path, content));
        string target = _folder["target.vmdk"];
        var options = new VmdkConvertOptions
        {
            Target = kind == VmdkDiskKind.Raw ? null : new VmdkCreateOptions { Kind = kind },
            Digest = VmdkDigestAlgorithm.Sha256,
            Verify = true,
        };
        VmdkConvertResult result = await VmdkImage.ConvertAsync(
            disk, target, options, null, TestContext.Current.CancellationToken);
        Assert.Equal(new VmdkDigest(VmdkDigestAlgorithm.Sha256, content.Sha256(), LengthBytes), result.Digest);
        await using VmdkDisk made = kind == VmdkDiskKind.Raw ? VmdkDisk.OpenRaw(target) : VmdkDisk.Open(target);
        DiskAssert.Holds(content, made);
        Assert.Null((await VmdkImage.ConvertAsync(
            disk, _folder["again.raw"], cancellationToken: TestContext.Current.CancellationToken)).Digest);
    }

    [Fact]
    public async Task ATargetThatHoldsSomethingElseFailsItsVerification()
    {
        byte[] bytes = new byte[1 << 20];
        new Random(4).NextBytes(bytes);
        string target = _folder["target.raw"];
        File.WriteAllBytes(target, bytes);
        var written = new VmdkDigest(
            VmdkDigestAlgorithm.Sha256, Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length);
        VmdkImage.Verify(target, VmdkConvertOptions.Default, written, TestContext.Current.CancellationToken);

        // A longer target that existed is right as far as it was written.
        File.WriteAllBytes(target, [.. bytes, .. new byte[4096].Select(_ => (byte)1)]);
        VmdkImage.Verify(target, VmdkConvertOptions.Default, written, TestContext.Current.CancellationToken);

        bytes[12_345] ^= 1;
        File.WriteAllBytes(target, bytes);
        VmdkException failure = Assert.Throws<VmdkException>(() => VmdkImage.Verify(
            target, VmdkConvertOptions.Default, written, TestContext.Current.CancellationToken));
        Assert.Equal(VmdkErrorCode.VerificationFailed, failure.Code);
        File.WriteAllBytes(target, bytes[..^512]);
        Assert.Throws<VmdkException>(() => VmdkImage.Verify(
            target, VmdkConvertOptions.Default, written, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task AChildIsVerifiedOverItsParent()
    {
        GuestContent below = GuestContent.Scattered(4 << 20, seed: 2);
        string parent = SparseImage.Write(_folder.Subfolder("elsewhere"), "parent", below);
        GuestContent above = below.Clone().Fill(1 << 20, 65536, ContentPattern.Random, 3);
        await using VmdkDisk disk = VmdkDisk.Open(
            SparseImage.Write(_folder.Path, "source", above));
        VmdkConvertResult result = await VmdkImage.ConvertAsync(
            disk, _folder["child.vmdk"],
            new VmdkConvertOptions { Target = new VmdkCreateOptions { ParentPath = parent }, Verify = true },
            null, TestContext.Current.CancellationToken);
        Assert.Equal(above.Hash().ToString("x32", CultureInfo.InvariantCulture), result.Digest!.Hex);
    }

    [Fact]
    public async Task StreamsCannotBeReadBack()
    {
        await using VmdkDisk disk = VmdkDisk.Open(
            SparseImage.Write(_folder.Path, "source", GuestContent.Scattered(1 << 20, seed: 1)));
        using var target = new MemoryStream();
        var options = new VmdkConvertOptions { Verify = true };
        await Assert.ThrowsAsync<ArgumentException>(() => VmdkImage.ConvertAsync(
            disk, target, options, null, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(() => VmdkImage.ConvertAsync(
            disk, "/dev/null", options, null, TestContext.Current.CancellationToken));
    }

    public void Dispose() => _folder.Dispose();

    static Task<VmdkDigest> HashAsync(VmdkDisk disk, VmdkDigestAlgorithm algorithm, int threads) =>
        VmdkImage.HashAsync(
            disk, new VmdkHashOptions { Algorithm = algorithm, Threads = threads }, null,
            TestContext.Current.CancellationToken);

    sealed class ReadBytes : IProgress<VmdkProgress>
    {
        internal long Value { get; private set; } = -1;

        public void Report(VmdkProgress value) => Value = value.ReadBytes;
    }
}
