using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>Descriptors that contradict themselves or their files, devices, and how findings are worded.</summary>
public sealed class DescriptorDamageTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("monolithicFlat", "blurb", true)]
    [InlineData("monolithicFlat", "monolithicSparse", true)]
    [InlineData("monolithicFlat", "streamOptimized", true)]
    [InlineData("monolithicFlat", "vmfs", false)]
    [InlineData("monolithicFlat", "custom", false)]
    [InlineData("parentCID=", "parentCXD=", true)]
    public void ADescriptorThatQemuRefusesIsFound(string text, string by, bool isFound)
    {
        string path = FlatImage.Write(_folder.Path, "disk", Checked.Content());
        Replace(path, text, by);
        VmdkCheckResult result = Checked.Check(path);
        if (isFound)
        {
            Assert.Single(Checked.Findings(result, VmdkFindingKind.DescriptorInvalid));
            Assert.NotEqual(0, QemuImg.Check(path).ExitCode);
        }
        else
        {
            Assert.Empty(result.Findings);
        }
    }

    [Theory]
    [InlineData("parentCID=", "parentCXD=", VmdkFindingKind.DescriptorInvalid)]
    [InlineData("monolithicSparse", "monolithicSpars0", VmdkFindingKind.HeaderOdd)]
    [InlineData("monolithicSparse", "monolithicFlat", VmdkFindingKind.HeaderOdd)]
    [InlineData("sectors = \"63\"", "sectors = \"6x\"", VmdkFindingKind.GeometryDisagrees)]
    [InlineData("geometry.heads", "geometry.headz", VmdkFindingKind.GeometryDisagrees)]
    public void AnEmbeddedDescriptorIsFoundToLackSomething(string text, string by, VmdkFindingKind kind)
    {
        string path = SparseImage.Write(_folder.Path, "disk", Checked.Content());
        Replace(path, text, by);
        Assert.Single(Checked.Findings(Checked.Check(path), kind));
        Assert.Equal(kind == VmdkFindingKind.DescriptorInvalid, QemuImg.Check(path).ExitCode != 0);
    }

    [Fact]
    public void AParentThatIsNamedAndHasNoContentIdIsAWarning()
    {
        string path = FlatImage.Write(_folder.Path, "disk", Checked.Content());
        Replace(path, "createType=", "parentFileNameHint=\"base.vmdk\"\ncreateType=");
        Assert.Equal(VmdkFindingKind.HeaderOdd, Assert.Single(Checked.Check(path).Findings).Kind);
    }

    [Fact]
    public void AKindOfOneSparseFileOverAnotherFormOfExtentIsFound()
    {
        string path = CowdImage.Write(_folder.Path, "disk", Checked.Content());
        Replace(path, "vmfsSparse", "monolithicSparse");
        VmdkFinding finding = Assert.Single(Checked.Findings(Checked.Check(path), VmdkFindingKind.DescriptorInvalid));
        Assert.Contains("VmfsSparse", finding.Text, StringComparison.Ordinal);
        Assert.NotEqual(0, QemuImg.Check(path).ExitCode);
    }

    [Fact]
    public void AFlatFileThatGoesOnBehindItsExtentIsAWarning()
    {
        string path = FlatImage.Write(_folder.Path, "disk", Checked.Content());
        Patch.SetLength(_folder["disk-flat.vmdk"], Checked.LengthBytes + 512);
        VmdkFinding finding = Assert.Single(Checked.Check(path).Findings);
        Assert.Equal(
            (VmdkFindingKind.ExtentTooLong, (long)Checked.LengthBytes, VmdkFindingSeverity.Warning),
            (finding.Kind, finding.OffsetBytes, finding.Severity));

        Replace(path, "monolithicFlat", "custom");
        Checked.IsClean(path);
    }

    [Fact]
    public void AMappedDeviceIsCheckedForItsLength()
    {
        string path = FlatImage.Write(_folder.Path, "disk", Checked.Content());
        Replace(path, "monolithicFlat", "vmfsRDM");
        Replace(path, " FLAT ", " VMFSRDM ", " 0\n", "\n");
        File.Move(_folder["disk-flat.vmdk"], _folder["device"]);
        Assert.Equal(1, Checked.Check(path).CheckErrors);
        var options = new VmdkCheckOptions
        {
            RawMappings = new Dictionary<string, string> { ["disk-flat.vmdk"] = _folder["device"] },
        };
        Assert.Empty(Checked.Check(path, options).Findings);
        Patch.SetLength(_folder["device"], Checked.LengthBytes + 4096);
        Assert.Empty(Checked.Check(path, options).Findings);
        Patch.SetLength(_folder["device"], Checked.LengthBytes - 512);
        Checked.Findings(Checked.Check(path, options), VmdkFindingKind.ExtentTooShort);
    }

    [Fact]
    public void ADirtySeSparseExtentIsOnlyAWarningWhenItMayBeRead()
    {
        string path = SeSparseImage.Write(
            _folder.Path, "disk", Checked.Content(), new SeSparseOptions { Dirty = true });
        Assert.Equal(1, Checked.Check(path).CheckErrors);
        VmdkFinding finding = Assert.Single(
            Checked.Check(path, new VmdkCheckOptions { DirtySeSparse = VmdkDirtySeSparse.Read }).Findings);
        Assert.Equal(VmdkFindingKind.Unclean, finding.Kind);
        Assert.DoesNotContain("disk-", finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void GrainsThatTheGuestHasUnmappedAreAWarningThatNamesThePolicy()
    {
        var content = new GuestContent(Checked.LengthBytes);
        content.Fill(0, 65536, ContentPattern.Stamp, 1);
        string path = SeSparseImage.Write(
            _folder.Path, "disk", content,
            new SeSparseOptions { UnmappedRanges = [new GuestRange(131072, 65536)] });
        VmdkFinding finding = Assert.Single(Checked.Check(path).Findings);
        Assert.Equal((VmdkFindingKind.GrainUnmapped, 131072L), (finding.Kind, finding.GuestOffsetBytes));
        Assert.StartsWith("16 grains", finding.Text, StringComparison.Ordinal);
        Assert.Contains("--unmapped parent", finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void TheCapacityOfASeSparseExtentIsFoundWhereItIs()
    {
        string path = SeSparseImage.Write(_folder.Path, "disk", Checked.Content());
        string extent = Directory.GetFiles(_folder.Path).Single(file => file != path);
        Patch.WriteUInt64(extent, 16, 4096);
        Assert.Equal(16, Checked.Findings(Checked.Check(path), VmdkFindingKind.ExtentTooLong)[0].OffsetBytes);
    }

    [Fact]
    public void AFindingNamesItsFileOnce()
    {
        string path = SparseImage.Write(_folder.Path, "disk", Checked.Content());
        Replace(path, "CID=", "CXD=");
        string child = Path.Combine(_folder.Subfolder("sub"), "child.vmdk");
        File.Copy(FlatImage.Write(_folder.Path, "flat", Checked.Content()), child);
        string odd = _folder["odd.vmdk"];
        File.WriteAllText(odd, "version=1\nCID=1\nparentCID=2\nparentFileNameHint=\"a/b\"\ncreateType=\"vmfs\"\n");
        foreach (string image in new[] { path, child, odd })
        {
            VmdkCheckResult result = Checked.Check(image);
            Assert.NotEmpty(result.Findings);
            Assert.All(result.Findings, finding => Assert.False(
                finding.Text.StartsWith(finding.Path + ": ", StringComparison.Ordinal), finding.Text));
        }
    }

    static void Replace(string path, params string[] pairs)
    {
        string text = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(path));
        for (int i = 0; i < pairs.Length; i += 2)
        {
            int at = text.IndexOf(pairs[i], StringComparison.Ordinal);
            Assert.True(at >= 0, pairs[i]);
            text = text[..at] + pairs[i + 1] + text[(at + pairs[i].Length)..];
        }

        File.WriteAllBytes(path, System.Text.Encoding.Latin1.GetBytes(text));
    }
}
