using VmdkFast.Tests.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>Files and devices that are no images, opened as the disk that their bytes are.</summary>
public sealed class RawTests : IDisposable
{
    readonly TempFolder _folder = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(1_000_001)]
    [InlineData((3 << 20) + 7)]
    public async Task EveryByteIsTheFilesAndTheRestOfTheLastSectorIsZeros(int lengthBytes)
    {
        byte[] bytes = Bytes(lengthBytes);
        await using var disk = VmdkDisk.OpenRaw(With(bytes));
        byte[] padded = Padded(bytes);

        Assert.Equal(padded.Length, disk.Length);
        Assert.Equal(lengthBytes, disk.Layers[0].RawLengthBytes);
        Assert.Equal(VmdkDiskKind.Raw, disk.Layers[0].Kind);
        Assert.Null(disk.Layers[0].Descriptor);
        byte[] read = new byte[padded.Length + 3];
        Assert.Equal(padded.Length, disk.Read(read, 0));
        Assert.True(padded.AsSpan().SequenceEqual(read.AsSpan(0, padded.Length)));
        using var copy = new MemoryStream();
        await VmdkImage.ConvertAsync(disk, copy, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(padded.AsSpan().SequenceEqual(copy.ToArray()));
    }

    [Fact]
    public async Task ReadsThatEndInThePaddingAreTheSameWithAndWithoutWaiting()
    {
        byte[] bytes = Bytes(4097);
        await using VmdkDisk disk = await VmdkDisk.OpenRawAsync(
            With(bytes), cancellationToken: TestContext.Current.CancellationToken);
        byte[] read = new byte[512];
        Assert.Equal(512, await disk.ReadAsync(read, 4096, TestContext.Current.CancellationToken));
        Assert.Equal(Padded(bytes)[4096..], read);
    }

    [Fact]
    public void HolesOfTheFileAreZerosOfTheMapAndRunsAreWholeSectors()
    {
        string path = _folder["disk.raw"];
        using (FileStream file = File.Create(path))
        {
            file.SetLength((64 << 20) + 100);
            file.Position = 16 << 20;
            file.Write(Bytes(4096));
            file.Position = 64 << 20;
            file.Write(Bytes(100));
        }

        using var disk = VmdkDisk.OpenRaw(path);
        VmdkRun[] runs = [.. disk.Map(TestContext.Current.CancellationToken)];
        Assert.Equal(
            [VmdkRunKind.Zero, VmdkRunKind.Data, VmdkRunKind.Zero, VmdkRunKind.Data], runs.Select(run => run.Kind));
        Assert.Equal((16L << 20, 4096L), (runs[1].OffsetBytes, runs[1].LengthBytes));
        Assert.Equal((64L << 20, 512L), (runs[3].OffsetBytes, runs[3].LengthBytes));
        Assert.All(runs, run => Assert.Equal(0, (run.OffsetBytes | run.LengthBytes) & 511));
    }

    [Fact]
    public void ARawFileThatQemuWritesIsLockedUnlessSharingIsForced()
    {
        string path = With(Bytes(1 << 20));
        using (new QemuHolder(path, forWriting: true, "raw"))
        {
            Assert.Equal(
                VmdkErrorCode.Locked, Assert.Throws<VmdkException>(() => VmdkDisk.OpenRaw(path).Dispose()).Code);
            using var shared = VmdkDisk.OpenRaw(path, new VmdkOpenOptions { ForceShare = true });
            Assert.Equal(1 << 20, shared.Length);
        }

        using (VmdkDisk.OpenRaw(path))
        {
            PeerResult refused = Peers.Run("qemu-io", "-f", "raw", "-c", "write 0 512", path);
            Assert.Contains("lock", refused.Output + refused.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ABlockDeviceIsADisk()
    {
        byte[] bytes = Bytes(3 << 20);
        using var device = LoopDevice.OrSkip(With(bytes));
        using var disk = VmdkDisk.OpenRaw(device.Path);
        byte[] read = new byte[bytes.Length];
        Assert.Equal(bytes.Length, disk.Length);
        Assert.Equal(bytes.Length, disk.Read(read, 0));
        Assert.True(bytes.AsSpan().SequenceEqual(read));
    }

    [Fact]
    public void FoldersAndFilesThatAreAbsentAreRefused()
    {
        Assert.Equal(VmdkErrorCode.NotVmdk, Code(_folder.Path));
        Assert.Equal(VmdkErrorCode.NotVmdk, Code("/dev/zero"));
        Assert.Equal(VmdkErrorCode.FileMissing, Code(_folder["absent"]));

        static VmdkErrorCode Code(string path) =>
            Assert.Throws<VmdkException>(() => VmdkDisk.OpenRaw(path).Dispose()).Code;
    }

    [Fact]
    public void AFileLongerThanAnyDiskIsRefused()
    {
        string path = $"/dev/shm/vmdkfast-{Guid.NewGuid():N}";
        try
        {
            using (FileStream file = File.Create(path))
            {
                file.SetLength(long.MaxValue);
            }

            VmdkException refusal = Assert.Throws<VmdkException>(() => VmdkDisk.OpenRaw(path).Dispose());
            Assert.Equal(VmdkErrorCode.LimitExceeded, refusal.Code);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void WritingIsNotForRawFiles()
    {
        string path = With(Bytes(512));
        Assert.Throws<ArgumentException>(
            () => VmdkDisk.OpenRaw(path, new VmdkOpenOptions { Access = VmdkOpenAccess.ReadWrite }).Dispose());
        Assert.Throws<ArgumentException>(() => VmdkDisk.OpenRaw("").Dispose());
    }

    [Fact]
    public async Task ARawKindCannotBeCreatedAsAnImage() =>
        await Assert.ThrowsAnyAsync<ArgumentException>(() => VmdkDisk.CreateAsync(
            _folder["new.vmdk"], new VmdkCreateOptions { Kind = VmdkDiskKind.Raw, LengthBytes = 1 << 20 },
            TestContext.Current.CancellationToken));

    public void Dispose() => _folder.Dispose();

    string With(byte[] bytes)
    {
        string path = _folder["disk.raw"];
        File.WriteAllBytes(path, bytes);
        return path;
    }

    static byte[] Bytes(int lengthBytes)
    {
        byte[] bytes = new byte[lengthBytes];
        new Random(lengthBytes).NextBytes(bytes);
        return bytes;
    }

    static byte[] Padded(byte[] bytes)
    {
        byte[] padded = new byte[(bytes.Length + 511) / 512 * 512];
        bytes.CopyTo(padded, 0);
        return padded;
    }
}
