using VmdkFast.Tests.Creating;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Streaming;

/// <summary>Converting in tests: with this test's token, and everything fixed that would be random.</summary>
static class Converted
{
    internal static VmdkConvertOptions To(VmdkDiskKind kind) => new() { Target = Created.Fixed(kind, null) };

    internal static async Task<VmdkConvertResult> ConvertAsync(
        string source, string target, VmdkConvertOptions? options = null)
    {
        await using VmdkDisk disk = VmdkDisk.Open(source);
        return await VmdkImage.ConvertAsync(
            disk, target, options, cancellationToken: TestContext.Current.CancellationToken);
    }

    /// <summary>What a conversion into a pipe sends.</summary>
    internal static async Task<byte[]> PipeAsync(VmdkDisk source, VmdkConvertOptions options)
    {
        using var pipe = new ForwardStream();
        await VmdkImage.ConvertAsync(source, pipe, options, cancellationToken: TestContext.Current.CancellationToken);
        return pipe.Sent.ToArray();
    }

    /// <summary>Whether qemu-img 7.2 opens images of a kind.</summary>
    internal static bool QemuReads(VmdkDiskKind kind) => kind != VmdkDiskKind.VmfsThin;

    /// <summary>Compares by this library and by qemu-img, and wants nothing left over beside the image.</summary>
    internal static void MustHold(GuestContent content, string path, VmdkDiskKind kind, TempFolder folder)
    {
        DiskAssert.Holds(content, path);
        if (QemuReads(kind))
        {
            string raw = folder["expected.raw"];
            if (!File.Exists(raw))
            {
                content.WriteRaw(raw);
            }

            Assert.True(QemuImg.Compare(path, raw, "vmdk", "raw"), $"qemu-img reads {path} otherwise.");
        }

        Assert.DoesNotContain(
            Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(path)!),
            name => name.Contains("partial", StringComparison.Ordinal));
    }

    /// <summary>As a pipe: no position, no length, no way back.</summary>
    internal sealed class ForwardStream : Stream
    {
        internal MemoryStream Sent { get; } = new();

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count) => Sent.Write(buffer, offset, count);

        public override void Write(ReadOnlySpan<byte> buffer) => Sent.Write(buffer);

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
