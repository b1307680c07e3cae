using System.Text.Json;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.SupportTests;

public sealed class SamplesTests
{
    public static TheoryData<string> Small => Samples.SmallPaths;

    public static TheoryData<string> Large => Samples.LargePaths;

    public static TheoryData<string> Faulty => Samples.FaultyPaths;

    [Theory]
    [MemberData(nameof(Small))]
    public void QemuReadsTheContentThatTheTableGives(string relativePath)
    {
        Sample sample = Samples.Find(relativePath);
        long lengthBytes = QemuImg.Info(sample.FullPath).GetProperty("virtual-size").GetInt64();
        Assert.Equal(sample.CapacitySectors * 512, lengthBytes);
        Assert.Equal(sample.ContentSha256, QemuImg.ToRawHash(sample.FullPath));
    }

    [Theory]
    [MemberData(nameof(Large))]
    public void QemuFindsLargeSamplesEmpty(string relativePath)
    {
        Sample sample = Samples.Find(relativePath);
        long end = 0;
        foreach (JsonElement run in QemuImg.Map(sample.FullPath).EnumerateArray())
        {
            Assert.False(run.GetProperty("data").GetBoolean());
            Assert.True(run.GetProperty("zero").GetBoolean());
            Assert.Equal(end, run.GetProperty("start").GetInt64());
            end += run.GetProperty("length").GetInt64();
        }

        Assert.Equal(sample.CapacitySectors * 512, end);
    }

    [Theory]
    [MemberData(nameof(Faulty))]
    public void QemuRefusesWhatTheTableCallsFaulty(string relativePath)
    {
        PeerResult result = QemuImg.Check(Samples.Find(relativePath).FullPath);
        Assert.NotEqual(0, result.ExitCode);
    }

    [Fact]
    public void EverySampleIsInTheTableOrIsAPartOfOne()
    {
        string folder = Repo.PathOf("tests", "VmdkFast.Tests", "Samples");
        IEnumerable<string> files = Directory.GetFiles(folder, "*.*", SearchOption.AllDirectories)
            .Where(path => Path.GetExtension(path) is ".vmdk" or ".img")
            .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/'));
        string[] parts =
            ["vmdk-forensic/mono_flat-flat.vmdk", "vmdk-forensic/tw_sparse-s001.vmdk", "vmdk-rs/vmfs_thick-flat.vmdk"];
        Assert.Equal(
            files.Order(StringComparer.Ordinal),
            Samples.All.Select(sample => sample.RelativePath).Concat(parts).Order(StringComparer.Ordinal));
    }
}
