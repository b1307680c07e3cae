using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>
/// One number of a header that is wrong: all else in the file says so, and nothing is lost by going by it.
/// </summary>
public sealed class HeaderWitnessTests : IDisposable
{
    const int CapacityField = 12;
    const int GrainField = 20;
    const int TableEntriesField = 44;
    const int OverheadField = 64;

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Three tables, or with one sector a grain less or more, another number of them.
    [Theory]
    [InlineData(8)]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(1024)]
    [InlineData(0)]
    [InlineData(17)]
    public void AGrainSizeThatTheNumberOfTablesRefutesIsSetRight(int grainSectors) => IsSetRight(
        Sparse(new SparseOptions { GrainSectors = 16 }), GrainField, (ulong)grainSectors,
        "GrainSizeSectors", $"{grainSectors} sectors", "16 sectors");

    [Theory]
    [InlineData(8)]
    [InlineData(1024)]
    public void AlsoWhereThereIsOneDirectory(int grainSectors) => IsSetRight(
        Sparse(new SparseOptions { GrainSectors = 16, Redundant = false }), GrainField, (ulong)grainSectors,
        "GrainSizeSectors", $"{grainSectors} sectors", "16 sectors");

    [Theory]
    [InlineData(256)]
    [InlineData(128)]
    public void ALengthOfTablesThatTheirPlacesRefuteIsSetRight(int entries)
    {
        string path = Sparse(new SparseOptions { GrainSectors = 16 });
        byte[] good = File.ReadAllBytes(path);
        Patch.WriteUInt32(path, TableEntriesField, (uint)entries);

        Assert.Contains(
            $"GrainTableEntries: found {entries}, wanted 512",
            Assert.Single(Checked.Findings(Checked.Check(path), VmdkFindingKind.HeaderInvalid)).Text,
            StringComparison.Ordinal);
        Repaired.Apply(path);

        Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    // Directories of one table fit several sizes of grains: what lies behind the grains may be theirs.
    [Theory]
    [InlineData(64)]
    [InlineData(32)]
    [InlineData(8)]
    public void WhereTheGrainsMayBeLongerNothingIsGivenBack(int grainSectors)
    {
        string path = SparseImage.Write(_folder.Path, "disk", Checked.Content());
        Patch.WriteUInt64(path, GrainField, (ulong)grainSectors);
        byte[] damaged = File.ReadAllBytes(path);

        VmdkCheckResult result = Checked.Check(path);
        Assert.Contains(
            "GrainSizeSectors", Checked.Findings(result, VmdkFindingKind.HeaderOdd)[0].Text, StringComparison.Ordinal);
        Assert.NotEqual(0, result.Leaks);
        RepairInEveryWay(path);

        Assert.True(damaged.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void WhereTheGrainsOfAnEsxDiskMayBeLongerNothingIsGivenBack(int grainSectors)
    {
        string path = CowdImage.WriteBare(
            _folder.Path, "disk", GuestContent.Scattered(1 << 20, seed: 3, rangeCount: 8),
            new CowdOptions { GrainSectors = 4 });
        Patch.WriteUInt32(path, 16, (uint)grainSectors);
        byte[] damaged = File.ReadAllBytes(path);

        RepairInEveryWay(path);

        Assert.True(damaged.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    [Theory]
    [InlineData(true, 1, 128)]
    [InlineData(true, 8, 128)]
    [InlineData(true, 128, 128)]
    [InlineData(false, 128, 128)]
    [InlineData(true, 1 << 30, 128)]
    [InlineData(true, -128, 128)]
    [InlineData(true, -64, 128)]
    [InlineData(true, -111, 128)]
    [InlineData(true, 8, 16)]
    [InlineData(true, 16, 16)]
    public void MetadataThatIsSaidToEndElsewhereIsSetRight(bool redundant, int moreSectors, int grainSectors)
    {
        string path = SparseImage.Write(
            _folder.Path, "disk", Checked.Content(),
            new SparseOptions { Redundant = redundant, GrainSectors = grainSectors });
        ulong right = HostedHeader.Read(path).OverheadSectors;
        ulong wrong = (ulong)((long)right + moreSectors);
        IsSetRight(path, OverheadField, wrong, "OverheadSectors", $"sector {wrong}", $"sector {right}");
    }

    [Theory]
    [InlineData(ImageKind.StreamExport, 8)]
    [InlineData(ImageKind.StreamExport, 1)]
    [InlineData(ImageKind.StreamExport, 1 << 30)]
    [InlineData(ImageKind.StreamExportOfLongDescriptor, -108)]
    [InlineData(ImageKind.StreamLocal, 128)]
    [InlineData(ImageKind.StreamLocal, 3)]
    [InlineData(ImageKind.StreamLocal, -110)]
    [InlineData(ImageKind.StreamQemu, 5)]
    public void AlsoWhereGrainsSayByTheirMarkersThatTheyAre(ImageKind kind, int moreSectors)
    {
        string path = ImageKinds.Write(kind, _folder.Path, Checked.Content());
        ulong right = HostedHeader.Read(path).OverheadSectors;
        ulong wrong = (ulong)((long)right + moreSectors);
        IsSetRight(path, OverheadField, wrong, "OverheadSectors", $"sector {wrong}", $"sector {right}");
    }

    [Theory]
    [InlineData(ImageKind.StreamLocal, GrainField, 64ul, "GrainSizeSectors", "64 sectors", "128 sectors")]
    [InlineData(ImageKind.StreamQemu, GrainField, 2048ul, "GrainSizeSectors", "2048 sectors", "128 sectors")]
    [InlineData(ImageKind.StreamLocalOfSmallGrains, GrainField, 16ul, "GrainSizeSectors", "16 sectors", "8 sectors")]
    [InlineData(
        ImageKind.StreamLocalOfSmallGrains, CapacityField, 1ul << 20, "CapacitySectors", "1048576 sectors",
        "18432 sectors")]
    public void TheFirstGrainsOfALocalStreamSayHowLongGrainsAre(
        ImageKind kind, int offset, ulong wrong, string field, string found, string wanted) =>
        IsSetRight(ImageKinds.Write(kind, _folder.Path, Content()), offset, wrong, field, found, wanted);

    [Fact]
    public void AFooterThatRepeatsTheWrongEndOfTheMetadataIsSetRightWithItsHeader()
    {
        string path = ImageKinds.Write(ImageKind.StreamExport, _folder.Path, Checked.Content());
        byte[] good = File.ReadAllBytes(path);
        Patch.WriteUInt64(path, OverheadField, 136);
        Patch.WriteUInt64(path, good.Length - 1024 + OverheadField, 136);

        Repaired.Apply(path);

        Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    [Theory]
    [InlineData(true, 2.0)]
    [InlineData(true, 0.5)]
    [InlineData(false, 2.0)]
    [InlineData(true, 1e9)]
    [InlineData(true, 0.0)]
    public void ACapacityThatDescriptorAndNumberOfTablesRefuteIsSetRight(bool redundant, double factor)
    {
        string path = Sparse(new SparseOptions { GrainSectors = 16, Redundant = redundant });
        ulong right = HostedHeader.Read(path).CapacitySectors;
        ulong wrong = (ulong)(right * factor);
        IsSetRight(path, CapacityField, wrong, "CapacitySectors", $"{wrong} sectors", $"{right} sectors");
    }

    [Fact]
    public void AnExtentsHeaderIsJudgedByItsLineOfTheDescriptor()
    {
        GuestContent content = Content();
        string path = SplitSparseImage.Write(
            _folder.Path, "disk", content, 4 * 2048 * 3, new SparseOptions { GrainSectors = 16 });
        string extent = _folder["disk-s001.vmdk"];
        byte[] good = File.ReadAllBytes(extent);
        (int, ulong)[] damages = [(CapacityField, 65536), (GrainField, 64), (OverheadField, 80)];
        foreach ((int offset, ulong value) in damages)
        {
            Patch.WriteUInt64(extent, offset, value);
            Assert.Single(Checked.Findings(Checked.Check(path), VmdkFindingKind.HeaderInvalid));
            Repaired.Apply(path);
            Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(extent)), $"the field at {offset}");
        }
    }

    // Metadata may end earlier than a header says; an entry that leads there is wrong where nothing is.
    [Fact]
    public void AnEntryThatLeadsBetweenTablesAndGrainsProvesNothingWhereThatIsEmpty()
    {
        string path = SparseImage.Write(_folder.Path, "disk", Checked.Content());
        uint first = Checked.Entry(path, 0);
        byte[] bytes = File.ReadAllBytes(path);
        Array.Resize(ref bytes, bytes.Length + 65536);
        bytes.AsSpan((int)first * 512, bytes.Length - 65536 - ((int)first * 512)).ToArray()
            .CopyTo(bytes, ((int)first * 512) + 65536);
        bytes.AsSpan((int)first * 512, 65536).Clear();
        File.WriteAllBytes(path, bytes);
        Patch.WriteUInt64(path, OverheadField, 256);
        for (int grain = 0; grain < 16; grain++)
        {
            Checked.SetEntry(path, grain, Checked.Entry(path, grain) + 128);
        }

        Checked.IsClean(path);
        Checked.SetEntry(path, 7, 128);
        VmdkCheckResult result = Checked.Check(path);
        Assert.Single(Checked.Findings(result, VmdkFindingKind.TableEntryInvalid));
        Assert.DoesNotContain(result.Findings, static finding => finding.Kind == VmdkFindingKind.HeaderInvalid);
    }

    // The descriptor may be the wrong one: nobody says.
    [Fact]
    public void WhereTheNumberOfTablesFitsBothTheHeaderStays()
    {
        string path = Sparse(new SparseOptions { GrainSectors = 16 });
        Patch.WriteUInt64(path, CapacityField, HostedHeader.Read(path).CapacitySectors + 16);
        byte[] damaged = File.ReadAllBytes(path);
        Checked.Findings(Checked.Check(path), VmdkFindingKind.ExtentTooLong);
        RepairInEveryWay(path);
        Assert.True(damaged.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(256)]
    public void AHealthyHeaderIsNeverCalledWrong(int grainSectors)
    {
        foreach (int lengthBytes in new[] { 512, 1 << 20, (9 << 20) + 512 })
        {
            foreach (bool redundant in new[] { true, false })
            {
                foreach (bool absent in new[] { true, false })
                {
                    GuestContent content = GuestContent.Scattered(lengthBytes, seed: grainSectors, rangeCount: 5);
                    string path = SparseImage.Write(_folder.Path, "disk", content, new SparseOptions
                    {
                        GrainSectors = grainSectors,
                        Redundant = redundant,
                        TablesLazilyAbsent = absent,
                        Order = (GrainOrder)(lengthBytes % 3),
                    });
                    Checked.IsClean(path);

                    // A leak at the end, and two amid nothing.
                    long end = new FileInfo(path).Length;
                    Patch.WriteBytes(path, end, new byte[] { 1, 2, 3 });
                    Patch.WriteBytes(path, end + (grainSectors * 512 * 4), new byte[grainSectors * 1024].AsSpan());
                    Patch.WriteBytes(path, end + (grainSectors * 512 * 5), new byte[] { 1 });
                    Assert.Equal(0, Checked.Check(path).Warnings);
                }
            }
        }
    }

    static void IsSetRight(string path, int offset, ulong wrong, string field, string found, string wanted)
    {
        byte[] good = File.ReadAllBytes(path);
        Patch.WriteUInt64(path, offset, wrong);

        VmdkCheckResult result = Checked.Check(path);
        VmdkFinding finding = Assert.Single(result.Findings);
        Assert.Equal((VmdkFindingKind.HeaderInvalid, (long?)offset), (finding.Kind, finding.OffsetBytes));
        Assert.Equal($"header field {field}: found {found}, wanted {wanted}", finding.Text);

        VmdkRepairResult repair = Repaired.Apply(path, new VmdkRepairOptions { DropLost = true });

        Assert.Empty(repair.Lost);
        Assert.True(good.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
    }

    static void RepairInEveryWay(string path)
    {
        Repaired.Apply(path);
        Repaired.Apply(path, new VmdkRepairOptions { Scope = VmdkRepairScope.Leaks });
        Repaired.Apply(path, new VmdkRepairOptions { DropLost = true });
        Repaired.Apply(path, new VmdkRepairOptions { DropLost = true });
    }

    string Sparse(SparseOptions options) => SparseImage.Write(_folder.Path, "disk", Content(), options);

    // Three tables of grains of 8 KiB.
    static GuestContent Content() =>
        GuestContent.Scattered(9 << 20, seed: 5, rangeCount: 12).Fill(8 << 20, 30_000, ContentPattern.Text, 2);
}
