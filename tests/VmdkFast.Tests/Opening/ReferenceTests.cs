using VmdkFast.Tests.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>Files that an image names, and the policies that allow them.</summary>
public sealed class ReferenceTests
{
    static readonly VmdkOpenOptions s_anywhere = new() { References = VmdkReferencePolicy.Anywhere };

    [Theory]
    [InlineData("../outside.img", VmdkErrorCode.ReferenceRefused)]
    [InlineData("sub/inside.img", VmdkErrorCode.ReferenceRefused)]
    [InlineData("./beside.img", VmdkErrorCode.ReferenceRefused)]
    [InlineData("..", VmdkErrorCode.ReferenceRefused)]
    [InlineData(".", VmdkErrorCode.ReferenceRefused)]
    [InlineData("link.img", VmdkErrorCode.ReferenceRefused)]
    [InlineData("fifo.img", VmdkErrorCode.ReferenceRefused)]
    [InlineData("sub", VmdkErrorCode.ReferenceRefused)]
    [InlineData("/dev/zero", VmdkErrorCode.FileMissing)]
    [InlineData("/etc/passwd", VmdkErrorCode.FileMissing)]
    [InlineData("/proc/self/mem", VmdkErrorCode.FileMissing)]
    [InlineData("C:\\other\\disk.img", VmdkErrorCode.FileMissing)]
    [InlineData("nothing.img", VmdkErrorCode.FileMissing)]
    public void ByDefaultOnlyAPlainNameBesideTheImageIsOpened(string name, VmdkErrorCode code)
    {
        using var folder = new TempFolder();
        string image = Names(Surroundings(folder), name);

        VmdkException refusal = Refusal.OfOpening(image);

        Assert.Equal(code, refusal.Code);
        Assert.Contains(name[(name.LastIndexOf('/') + 1)..], refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../outside.img")]
    [InlineData("sub/inside.img")]
    [InlineData("link.img")]
    [InlineData("beside.img")]
    public void AnywhereOpensRegularFilesAlsoThroughLinks(string name)
    {
        using var folder = new TempFolder();
        using var disk = VmdkDisk.Open(Names(Surroundings(folder), name), s_anywhere with { });

        byte[] bytes = new byte[512];
        Assert.Equal(512, disk.Read(bytes, 0));
        Assert.False(bytes.AsSpan().ContainsAnyExcept((byte)'x'));
    }

    [Theory]
    [InlineData("/dev/zero")]
    [InlineData("/dev/null")]
    [InlineData("/dev/stdin")]
    [InlineData("sub/../fifo.img")]
    [InlineData("fifo.img")]
    [InlineData("/proc")]
    [InlineData("/proc/self/maps")]
    [InlineData("/proc/self/mem")]
    public void AnywhereIsStillNoDeviceAndNoPipe(string name)
    {
        using var folder = new TempFolder();
        VmdkException refusal = Refusal.OfOpening(Names(Surroundings(folder), name), s_anywhere);

        Assert.True(
            refusal.Code is VmdkErrorCode.ReferenceRefused or VmdkErrorCode.NotVmdk or VmdkErrorCode.AccessRefused,
            refusal.Message);
    }

    [Theory]
    [InlineData("../sub/inside.img", true)]
    [InlineData("/dev/zero", false)]
    [InlineData("../outside.img", false)]
    [InlineData("../sub/deep/../inside.img", true)]
    [InlineData("../sub/deep/link.img", false)]
    [InlineData("../sub/../outside.img", false)]
    [InlineData("../subway/inside.img", false)]
    public void BelowOpensWhatLiesInAFolderButNoLinks(string name, bool allowed)
    {
        using var folder = new TempFolder();
        string images = folder.Subfolder("images");
        string sub = folder.Subfolder("sub");
        folder.Subfolder("subway");
        folder.Subfolder("sub/deep");
        foreach (string place in (string[])["outside.img", "sub/inside.img", "subway/inside.img"])
        {
            File.WriteAllBytes(folder[place], Data());
        }

        File.CreateSymbolicLink(folder["sub/deep/link.img"], folder["outside.img"]);
        string image = Names(images, name);
        var options = new VmdkOpenOptions { References = VmdkReferencePolicy.Below(sub) };

        if (allowed)
        {
            using var disk = VmdkDisk.Open(image, options);
            Assert.Equal(512, disk.Length);
        }
        else
        {
            Assert.True(
                Refusal.OfOpening(image, options).Code is VmdkErrorCode.ReferenceRefused or VmdkErrorCode.FileMissing);
        }
    }

    [Fact]
    public void AFileOfTheKernelIsRefusedForWhatItIs()
    {
        using var folder = new TempFolder();
        string image = Names(Surroundings(folder), "/proc/self/maps");
        Refusal.OfOpening(image, s_anywhere).Says(
            VmdkErrorCode.ReferenceRefused, "/proc/self/maps", null, null, "kernel", "stored");
    }

    [Theory]
    [InlineData("../outside.img", VmdkErrorCode.ReferenceRefused)]
    [InlineData("sub/inside.img", VmdkErrorCode.ReferenceRefused)]
    [InlineData("link.img", VmdkErrorCode.ReferenceRefused)]
    [InlineData("fifo.img", VmdkErrorCode.ReferenceRefused)]
    [InlineData("sub", VmdkErrorCode.ReferenceRefused)]
    [InlineData("/dev/zero", VmdkErrorCode.FileMissing)]
    [InlineData("/etc/passwd", VmdkErrorCode.FileMissing)]
    [InlineData("/proc/self/mem", VmdkErrorCode.FileMissing)]
    [InlineData("disk.vmdk", VmdkErrorCode.ChainLoop)]
    public void AParentIsJudgedAsAnExtentIs(string name, VmdkErrorCode code)
    {
        using var folder = new TempFolder();
        var text = new DescriptorText { ParentCid = 7, ParentHint = name };
        string image = SparseImage.Write(
            Surroundings(folder), "disk", new GuestContent(512), new SparseOptions { Descriptor = text });

        Assert.Equal(code, Refusal.OfOpening(image).Code);
    }

    [Fact]
    public void TenThousandExtentsAreRefusedBeforeOneIsOpened()
    {
        using var folder = new TempFolder();
        string images = Surroundings(folder);
        string image = Path.Combine(images, "disk.vmdk");
        File.WriteAllBytes(image, new DescriptorText().Completed(
            "disk", "twoGbMaxExtentFlat", 10_000,
            [.. Enumerable.Range(0, 10_000).Select(i => $"RW 1 FLAT \"fifo.img\" {i}")], null).ToBytes());

        Assert.Equal(VmdkErrorCode.LimitExceeded, Refusal.OfOpening(image).Code);
    }

    [Fact]
    public void DenyRefusesEvenAFileBesideTheImage()
    {
        using var folder = new TempFolder();
        string image = Names(Surroundings(folder), "beside.img");
        string alone = SparseImage.Write(folder.Path, "alone", new GuestContent(512));
        var deny = new VmdkOpenOptions { References = VmdkReferencePolicy.Deny };

        Refusal.OfOpening(image, deny).Says(
            VmdkErrorCode.ReferenceRefused, image, null, "file", "beside.img", "no reference at all");
        VmdkDisk.Open(alone, deny).Dispose();
    }

    [Theory]
    [InlineData("/somewhere/else/beside.img")]
    [InlineData("C:\\Users\\me\\beside.img")]
    [InlineData("\\\\server\\share\\beside.img")]
    public void OfAnAbsoluteNameTheFileBesideTheImageCounts(string name)
    {
        using var folder = new TempFolder();
        using var disk = VmdkDisk.Open(Names(Surroundings(folder), name));

        Assert.Equal(512, disk.Length);
        Assert.Equal(folder["images/beside.img"], disk.Layers[0].Extents[0].Path);
    }

    [Fact]
    public void AMissingExtentIsNamedWithItsImage()
    {
        using var folder = new TempFolder();
        string image = Names(Surroundings(folder), "gone.img");

        VmdkException refusal = Refusal.OfOpening(image);

        refusal.Says(VmdkErrorCode.FileMissing, image, null, "file", "nothing of that name", "beside the image");
        Assert.Contains("'gone.img'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnExtentNamingItsDescriptorIsRefused()
    {
        using var folder = new TempFolder();
        foreach (string type in (string[])["FLAT", "SPARSE", "VMFS", "VMFSSPARSE"])
        {
            string image = folder[$"{type}.vmdk"];
            File.WriteAllBytes(image, new DescriptorText().Completed(
                "x", "custom", 1, [$"RW 1 {type} \"{type}.vmdk\""], null).ToBytes());

            Refusal.OfOpening(image).Says(VmdkErrorCode.ReferenceRefused, image, null, "extent", "two extents");
        }
    }

    [Fact]
    public void AWrappedDescriptorNamingItsWrapperIsRefused()
    {
        // Capacity 0 with an embedded descriptor is a descriptor in a sparse file; QEMU recurses here.
        using var folder = new TempFolder();
        string image = SparseImage.Write(folder.Path, "disk", new GuestContent(512));
        (HostedHeader.Read(image) with { CapacitySectors = 0 }).WriteTo(image);

        Refusal.OfOpening(image).Says(VmdkErrorCode.ReferenceRefused, image, null, "extent");
    }

    [Theory]
    [InlineData("RW 1 FLAT \"a.img\" 0", "RW 1 FLAT \"a.img\" 0")]
    [InlineData("RW 2 FLAT \"a.img\" 0", "RW 2 FLAT \"a.img\" 1")]
    [InlineData("RW 1 FLAT \"a.img\" 0", "RW 1 FLAT \"hard.img\" 0")]
    [InlineData("RW 1 SPARSE \"s.vmdk\"", "RW 1 SPARSE \"s.vmdk\"")]
    [InlineData("RW 1 SPARSE \"s.vmdk\"", "RW 1 FLAT \"s.vmdk\" 0")]
    [InlineData("RW 1 FLAT \"s.vmdk\" 0", "RW 1 SPARSE \"s.vmdk\"")]
    public void TheSameBytesTwiceInOneDiskAreRefused(string first, string second)
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder["a.img"], new byte[4096]);
        Assert.Equal(0, TestCalls.Link(folder["a.img"], folder["hard.img"]));
        SparseImage.Write(folder.Path, "s", new GuestContent(512));
        string image = folder["disk.vmdk"];
        File.WriteAllBytes(
            image, new DescriptorText().Completed("disk", "custom", 2, [first, second], null).ToBytes());

        VmdkException refusal = Refusal.OfOpening(image);

        refusal.Says(VmdkErrorCode.ReferenceRefused, image, null, "extent", "one file for two extents");
        Assert.Contains("appears twice", refusal.Message, StringComparison.Ordinal);
    }

    static byte[] Data()
    {
        byte[] data = new byte[512];
        data.AsSpan().Fill((byte)'x');
        return data;
    }

    static string Surroundings(TempFolder folder)
    {
        string images = folder.Subfolder("images");
        folder.Subfolder("images/sub");
        foreach (string place in (string[])["outside.img", "images/sub/inside.img", "images/beside.img"])
        {
            File.WriteAllBytes(folder[place], Data());
        }

        File.CreateSymbolicLink(folder["images/link.img"], folder["images/beside.img"]);
        Assert.Equal(0, TestCalls.MakeFifo(folder["images/fifo.img"], 0x1b6));
        return images;
    }

    static string Names(string images, string name)
    {
        string image = Path.Combine(images, "disk.vmdk");
        File.WriteAllBytes(image, new DescriptorText().Completed(
            "disk", "monolithicFlat", 1, [$"RW 1 FLAT \"{name}\" 0"], null).ToBytes());
        return image;
    }
}
