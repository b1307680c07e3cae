using VmdkFast.Tests.Creating;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>Whatever is in order, whoever made it, has no finding; and qemu-img says the same.</summary>
public sealed class CleanImageTests
{
    const int LengthBytes = (5 << 20) + (3 * 512);

    [Theory]
    [MemberData(nameof(ImageKinds.All), MemberType = typeof(ImageKinds))]
    public void NothingIsFoundInAnyKindOfImage(ImageKind kind)
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 5);
        string path = ImageKinds.Write(kind, folder.Path, content);

        VmdkCheckResult result = Checked.Check(path);

        VmdkFindingKind[] expected = kind switch
        {
            ImageKind.SparseUnclean => [VmdkFindingKind.Unclean],
            ImageKind.SparseOfSmallTables => [VmdkFindingKind.HeaderOdd],
            ImageKind.SparseVersion3 => [VmdkFindingKind.ChangeTrackingStale],
            _ => [],
        };
        Assert.Equal(expected, result.Findings.Select(finding => finding.Kind));
        Assert.Equal(0, result.Corruptions + result.Leaks + result.CheckErrors);
        Assert.Equal(ImageKinds.IsFlat(kind), result.TotalGrains == 0);
        Assert.Equal(ImageKinds.IsCompressed(kind), result.CompressedGrains > 0);
    }

    [Theory]
    [MemberData(nameof(ImageKinds.ForQemu), MemberType = typeof(ImageKinds))]
    public void QemuAgreesOnWhatIsInOrder(ImageKind kind)
    {
        using var folder = new TempFolder();
        string path = ImageKinds.Write(kind, folder.Path, GuestContent.Scattered(LengthBytes, seed: 6));

        Assert.Equal(0, QemuImg.Check(path).ExitCode);
        Assert.True(Checked.Check(path).IsSound);
    }

    [Theory]
    [InlineData("monolithicSparse")]
    [InlineData("twoGbMaxExtentSparse")]
    [InlineData("monolithicFlat")]
    [InlineData("streamOptimized")]
    [InlineData("monolithicSparse,zeroed_grain=on")]
    public void WhatQemuMadeIsInOrder(string subformat)
    {
        using var folder = new TempFolder();
        string raw = folder["disk.raw"];
        File.WriteAllBytes(raw, GuestContent.Scattered(LengthBytes + 512, seed: 7).Read(0, LengthBytes + 512));
        QemuImg.Convert(raw, folder["disk.vmdk"], "raw", "vmdk", $"subformat={subformat}");

        Assert.True(Checked.Check(folder["disk.vmdk"]) is { Corruptions: 0, Leaks: 0, CheckErrors: 0 });
        Assert.Equal(0, QemuImg.Check(folder["disk.vmdk"]).ExitCode);
    }

    [Fact]
    public async Task WhatWasWrittenAndClosedIsInOrder()
    {
        using var folder = new TempFolder();
        foreach (VmdkDiskKind kind in new[]
        {
            VmdkDiskKind.MonolithicSparse, VmdkDiskKind.TwoGbMaxExtentSparse, VmdkDiskKind.StreamOptimized,
            VmdkDiskKind.VmfsSparse, VmdkDiskKind.MonolithicFlat,
        })
        {
            string path = await Created.MakeAsync(folder[$"{kind}.vmdk"], kind, 40 << 20);
            using (VmdkDisk disk = VmdkDisk.Open(path, new VmdkOpenOptions { Access = VmdkOpenAccess.ReadWrite }))
            {
                byte[] bytes = new byte[200_000];
                bytes.AsSpan().Fill(7);
                foreach (long offset in new long[] { 0, 5 << 20, 36 << 20 })
                {
                    disk.Write(bytes.AsSpan(0, 131072), offset);
                }
            }

            Checked.IsClean(path);
        }
    }

    [Fact]
    public void AChainIsInOrderWhenEveryLinkNamesTheRightContent()
    {
        using var folder = new TempFolder();
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 8);
        string path = SparseImage.Write(folder.Path, "base", content);
        IReadOnlyList<(string Path, GuestContent Content)> levels = Chain.Write(
            folder.Path, path, content, 3, ChildKind.MonolithicSparse, ChildKind.VmfsSparse, ChildKind.SplitSparse);

        Checked.IsClean(levels[^1].Path);
    }

    [Fact]
    public void EverySampleIsJudgedAsQemuJudgesIt()
    {
        foreach (Sample sample in Samples.All)
        {
            VmdkCheckResult? result = null;
            try
            {
                result = Checked.Check(sample.FullPath);
            }
            catch (VmdkException refusal) when (refusal.Code is VmdkErrorCode.NotVmdk or VmdkErrorCode.Unsupported)
            {
            }

            PeerResult qemu = QemuImg.Check(sample.FullPath);
            if (qemu.ExitCode == 0 && result is not null)
            {
                string texts = string.Join(' ', result.Findings.Select(finding => finding.Text));
                Assert.True(result.IsSound, $"{sample.FullPath}: {texts}");
            }
            else
            {
                Assert.False(result is { IsSound: true } && qemu.Error.Contains("ERROR", StringComparison.Ordinal));
            }
        }
    }
}
