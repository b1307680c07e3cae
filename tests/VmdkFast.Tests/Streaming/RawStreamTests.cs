using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Streaming;

/// <summary>A raw disk that comes in order.</summary>
public sealed class RawStreamTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(512)]
    [InlineData(700_001)]
    [InlineData((3 << 20) + 512)]
    public async Task EveryLengthComesThroughInPiecesOfAnySize(int lengthBytes)
    {
        byte[] disk = new byte[lengthBytes];
        new Random(lengthBytes).NextBytes(disk);
        disk.AsSpan(lengthBytes / 3, lengthBytes / 2).Clear();
        byte[] padded = [.. disk, .. new byte[(512 - (lengthBytes % 512)) % 512]];
        using var source = new DribblingStream(disk);

        VmdkConvertResult result = await VmdkImage.ConvertRawAsync(
            source, lengthBytes, _folder["disk.vmdk"], new VmdkConvertOptions { Target = new VmdkCreateOptions() },
            cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(padded.Length, result.LengthBytes);
        using VmdkDisk written = VmdkDisk.Open(_folder["disk.vmdk"]);
        byte[] found = new byte[written.Length];
        Assert.Equal(found.Length, written.Read(found, 0));
        Assert.Equal(padded, found);
    }

    [Theory]
    [InlineData(-512, VmdkErrorCode.SourceChanged)]
    [InlineData(512, VmdkErrorCode.Truncated)]
    public async Task AWrongLengthIsRefusedAndLeavesNothing(int difference, VmdkErrorCode code)
    {
        using var source = new MemoryStream(new byte[1 << 20]);

        VmdkException fault = await Assert.ThrowsAsync<VmdkException>(() => VmdkImage.ConvertRawAsync(
            source, source.Length + difference, _folder["disk.raw"],
            cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal(code, fault.Code);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public async Task ALengthThatNoDiskHasIsTheCallersFault(long lengthBytes) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => VmdkImage.ConvertRawAsync(
            Stream.Null, lengthBytes, Stream.Null, cancellationToken: TestContext.Current.CancellationToken));

    sealed class DribblingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 1031)]);
    }
}
