using VmdkFast.Fuzz;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Streaming;

/// <summary>What a stream takes of memory is decided by what it holds, not by what it claims.</summary>
[Collection(nameof(MeasuredAlone))]
public sealed class StreamSourceMemoryTests
{
    [Theory]
    [InlineData(StreamLayout.Export)]
    public async Task A62TebibyteStreamTakesMemoryForItsDataOnly(StreamLayout layout)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(62L << 40, seed: 11, rangeCount: 40);
        string source = StreamImage.Write(folder.Path, "in", content, new StreamOptions { Layout = layout });
        byte[] stream = await File.ReadAllBytesAsync(source, TestContext.Current.CancellationToken);
        using var target = new MemoryStream();
        var kind = new VmdkCreateOptions { Kind = VmdkDiskKind.StreamOptimized };
        long before = GC.GetTotalAllocatedBytes();
        await VmdkImage.ConvertAsync(
            new PipedBytes(stream, 1 << 16), target, new VmdkConvertOptions { Target = kind, Threads = 2 },
            cancellationToken: TestContext.Current.CancellationToken);

        // Everything that was allocated, kept or not: pieces, the target's directory of 8 MiB, and the target itself.
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 100L << 20);
        await File.WriteAllBytesAsync(folder["out.vmdk"], target.ToArray(), TestContext.Current.CancellationToken);
        using VmdkDisk disk = VmdkDisk.Open(folder["out.vmdk"]);
        DiskAssert.HoldsByMap(content, disk);
    }
}
