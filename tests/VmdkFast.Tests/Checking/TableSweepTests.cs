using CsCheck;
using VmdkFast.Checking;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>A check on several threads: what it counts, and what it finds in whichever table it is.</summary>
public sealed class TableSweepTests
{
    const int GrainBytes = 4096;
    const int TableEntries = 16;

    // 512 tables: four pieces of work.
    const int Grains = 512 * TableEntries;

    // What one check of 16 entries in a table finds; a warning, for every product writes 512.
    const VmdkFindingKind SmallTables = VmdkFindingKind.HeaderOdd;

    [Theory]
    [InlineData(GrainOrder.Ascending)]
    [InlineData(GrainOrder.Shuffled)]
    public void ThreadsCountTheSameGrains(GrainOrder order)
    {
        using var folder = new TempFolder();
        string path = Write(folder, order);
        (long breaks, long next) = (0, 0);
        for (int grain = 0; grain < Grains; grain++)
        {
            long sector = Patch.ReadUInt32(path, EntryOffset(path, grain, copy: false));
            breaks += grain != 0 && sector != next ? 1 : 0;
            next = sector + (GrainBytes / 512);
        }

        foreach (int threads in new[] { 1, 2, 8 })
        {
            VmdkCheckResult result = Checked.Check(path, new VmdkCheckOptions { Threads = threads });
            Assert.Equal([SmallTables], result.Findings.Select(finding => finding.Kind));
            Assert.Equal((Grains, Grains, breaks), (
                result.TotalGrains, result.AllocatedGrains, result.FragmentedGrains));
            Assert.Equal(new FileInfo(path).Length, result.ImageEndOffsetBytes);
        }
    }

    [Theory]
    // Where two entries name one grain, that one is wrong which comes later in the disk.
    [InlineData(8000, 100, VmdkFindingKind.GrainShared)]
    [InlineData(4003, 4001, VmdkFindingKind.GrainShared)]
    [InlineData(8191, -1, VmdkFindingKind.TableEntryInvalid)]
    [InlineData(2500, -2, VmdkFindingKind.TableEntryInvalid)]
    public void WhatIsWrongWithOneEntryIsFoundOnAnyNumberOfThreads(int grain, int owner, VmdkFindingKind kind)
    {
        using var folder = new TempFolder();
        string path = Write(folder, GrainOrder.Shuffled);
        uint entry = owner switch
        {
            -1 => 0x7fff_fff8,
            -2 => 8,
            _ => Patch.ReadUInt32(path, EntryOffset(path, owner, copy: false)),
        };
        Patch.WriteUInt32(path, EntryOffset(path, grain, copy: false), entry);
        Patch.WriteUInt32(path, EntryOffset(path, grain, copy: true), entry);

        foreach (int threads in new[] { 1, 2, 8 })
        {
            VmdkCheckResult result = Checked.Check(path, new VmdkCheckOptions { Threads = threads });
            Assert.Equal((long)grain * GrainBytes, Checked.Findings(result, kind)[0].GuestOffsetBytes);
            Assert.Equal(1, result.Corruptions);
            Assert.Equal(1, result.Leaks);
        }
    }

    [Fact]
    public void ACopyThatDiffersIsFoundOnAnyNumberOfThreads()
    {
        using var folder = new TempFolder();
        string path = Write(folder, GrainOrder.Shuffled);
        Patch.WriteUInt32(path, EntryOffset(path, 7000, copy: true), 0);
        foreach (int threads in new[] { 1, 2, 8 })
        {
            VmdkCheckResult result = Checked.Check(path, new VmdkCheckOptions { Threads = threads });
            Assert.Equal(
                [SmallTables, VmdkFindingKind.CopiesDisagree], result.Findings.Select(finding => finding.Kind));
            Assert.Equal(7000L * GrainBytes, result.Findings[1].GuestOffsetBytes);
        }
    }

    [Fact]
    public void ClaimsKnowWhatASetOfGrainsKnows() =>
        Gen.Int[0, 300].Array[0, 40].Array[1, 4].Sample(static tables =>
        {
            // Room for 260 grains of 8 sectors; the first two are metadata's, and entry 0 names nothing.
            var shape = new SparseShape
            {
                CapacitySectors = 1 << 20,
                GrainSectors = 8,
                TableEntries = 512,
                DirectorySector = 1,
                FirstUsableSector = 16,
            };
            var all = new GrainClaims(shape, 260);
            var owned = new HashSet<int>();
            foreach (int[] table in tables)
            {
                var claims = new GrainClaims(shape, 260);
                SweptGrains swept = default;
                bool isPossible = Array.TrueForAll(table, static grain => grain is 0 or (>= 2 and < 260));
                int[] named = [.. table.Where(static grain => grain != 0)];
                bool isOwn = named.Distinct().Count() == named.Length;
                Assert.Equal(
                    isPossible && isOwn,
                    claims.TryClaim(Array.ConvertAll(table, static grain => (uint)grain * 8), ref swept));
                if (isPossible)
                {
                    Assert.Equal(named.Length, swept.Count);
                    Assert.Equal(named.Length == 0 ? 0 : (named.Max() + 1) * 8, swept.EndSector);
                    Assert.Equal(!owned.Overlaps(named), all.TryClaim(claims));
                    owned.UnionWith(named);
                }
            }

            Assert.Equal(
                owned.Order().Select(static grain => (long)grain),
                all.Stretches().SelectMany(static stretch => Enumerable
                    .Range(0, (int)(stretch.Count / 8)).Select(i => (stretch.Sector / 8) + i)));
        });

    static string Write(TempFolder folder, GrainOrder order) => SparseImage.Write(
        folder.Path, "disk",
        new GuestContent(Grains * GrainBytes).Fill(0, Grains * GrainBytes, ContentPattern.Stamp, 1),
        new SparseOptions { GrainSectors = GrainBytes / 512, TableEntries = TableEntries, Order = order });

    static long EntryOffset(string path, int grain, bool copy)
    {
        long directory = copy ? Checked.CopyDirectory(path) : Checked.Directory(path);
        long table = Patch.ReadUInt32(path, directory + (grain / TableEntries * sizeof(uint)));
        return (table * 512) + (grain % TableEntries * sizeof(uint));
    }
}
