using System.Security.Cryptography;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Reading;

/// <summary>Images that other programs made, against hashes that two other decoders agree on.</summary>
public sealed class SampleTests
{
    [Theory]
    [MemberData(nameof(Samples.SmallPaths), MemberType = typeof(Samples))]
    public void ASampleHasTheContentThatOthersSee(string relativePath)
    {
        Sample sample = Samples.Find(relativePath);
        using var disk = VmdkDisk.Open(sample.FullPath);
        using Stream stream = disk.OpenStream();

        Assert.Equal(sample.CapacitySectors * 512, disk.Length);
        Assert.Equal(sample.ContentSha256, Convert.ToHexStringLower(SHA256.HashData(stream)));
    }

    [Theory]
    [MemberData(nameof(Samples.LargePaths), MemberType = typeof(Samples))]
    public void ALargeSampleIsTheEmptyDiskThatOthersSee(string relativePath)
    {
        Sample sample = Samples.Find(relativePath);
        using var disk = VmdkDisk.Open(sample.FullPath);
        byte[] chunk = new byte[1 << 20];

        Assert.Equal(sample.CapacitySectors * 512, disk.Length);
        foreach (VmdkRun run in disk.Map(TestContext.Current.CancellationToken))
        {
            if (run.Kind is VmdkRunKind.Data or VmdkRunKind.Compressed)
            {
                int read = disk.Read(chunk.AsSpan(0, (int)run.LengthBytes), run.OffsetBytes);
                Assert.Equal(run.LengthBytes, read);
                Assert.False(chunk.AsSpan(0, read).ContainsAnyExcept((byte)0));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Samples.FaultyPaths), MemberType = typeof(Samples))]
    public void AFaultySampleIsRefusedForItsFault(string relativePath)
    {
        Sample sample = Samples.Find(relativePath);

        var refusal = Assert.Throws<VmdkException>(() => VmdkDisk.Open(sample.FullPath));

        Assert.Equal(
            sample.Fault switch
            {
                SampleFault.ExtentMissing => VmdkErrorCode.FileMissing,
                SampleFault.Cut => VmdkErrorCode.Truncated,
                _ => VmdkErrorCode.NotVmdk,
            },
            refusal.Code);
        Assert.Equal(sample.FullPath, refusal.Path);
    }

    [Theory]
    [InlineData("vmdk-rs/vmfs_thick-000001.vmdk", "vmfs_thick-000001-delta.vmdk")]
    [InlineData("vmdk-forensic/ms3-win.vmdk", "disk-s001.vmdk")]
    public void AMissingExtentIsNamed(string relativePath, string missing)
    {
        var refusal = Assert.Throws<VmdkException>(() => VmdkDisk.Open(Samples.Find(relativePath).FullPath));

        Assert.Contains($"'{missing}'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ACutStreamSaysWhatItLacks()
    {
        var refusal = Assert.Throws<VmdkException>(
            () => VmdkDisk.Open(Samples.Find("trivy/monolithicSparse.vmdk").FullPath));

        Assert.Equal("OverheadSectors", refusal.Field);
        Assert.Equal(64, refusal.OffsetBytes);
        Assert.Equal("2049 bytes", refusal.Found);
    }
}
