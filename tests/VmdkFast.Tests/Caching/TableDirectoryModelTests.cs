using CsCheck;
using VmdkFast.Caching;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Caching;

/// <summary>The directory against a dictionary: step by step, and by several threads at once.</summary>
public sealed class TableDirectoryModelTests
{
    const int Tables = 4;

    enum Act
    {
        Read,
        Write,
        Evict,
        FailingRead,
    }

    static readonly Gen<(Act Act, int Table, int Entry)> s_step = Gen.Select(
        Gen.Enum<Act>(), Gen.Int[0, Tables - 1], Gen.Int[0, BackingTables.TableEntries - 1]);

    [Fact]
    public void StepByStepItIsADictionary() => s_step.Array[0, 60].Sample(steps =>
    {
        bool fails = false;
        var backing = new BackingTables(Tables);
        backing.TableWasRead = (_, _) =>
        {
            if (fails)
            {
                throw new IOException("as told");
            }
        };
        TableDirectory directory = backing.OpenDirectory();
        var content = new Dictionary<(int, int), uint>();
        var resident = new HashSet<int>();
        foreach ((Act act, int table, int entry) in steps)
        {
            fails = act == Act.FailingRead;
            switch (act)
            {
                case Act.Write:
                    backing.Increment(directory, table, entry);
                    content[(table, entry)] = content.GetValueOrDefault((table, entry)) + 1;
                    resident.Add(table);
                    break;
                case Act.Evict:
                    Assert.Equal(resident.Remove(table), directory.TryGet(table)?.TryEvict() ?? false);
                    break;
                case Act.FailingRead when !resident.Contains(table):
                    Assert.Throws<IOException>(() => directory.Get(table));
                    break;
                default:
                    Assert.Equal(content.GetValueOrDefault((table, entry)), directory.Get(table)!.Entries[entry]);
                    resident.Add(table);
                    break;
            }

            Assert.Equal(resident.Contains(table), directory.TryGet(table) is not null);
        }
    }, iter: 500);

    [Fact]
    public void NoThreadLosesAnUpdateOrSeesOneUndone() => s_step.Array[40, 120].Array[2, 4].Sample(programs =>
    {
        var backing = new BackingTables(Tables) { TableWasRead = (_, load) => Thread.SpinWait(load & 31) };
        TableDirectory directory = backing.OpenDirectory();
        Actor.JoinAll(Actor.StartMany(programs.Length, index => Run(programs[index], backing, directory)));

        var writes = programs.SelectMany(steps => steps).Where(step => step.Act == Act.Write)
            .CountBy(step => (step.Table, step.Entry)).ToDictionary();
        for (int table = 0; table < Tables; table++)
        {
            for (int entry = 0; entry < BackingTables.TableEntries; entry++)
            {
                uint expected = (uint)writes.GetValueOrDefault((table, entry));
                Assert.Equal(expected, backing.Read(table, entry));
                Assert.Equal(expected, directory.Get(table)!.Entries[entry]);
            }
        }
    }, iter: 150, threads: 1);

    static void Run((Act Act, int Table, int Entry)[] steps, BackingTables backing, TableDirectory directory)
    {
        var seen = new Dictionary<(int, int), uint>();
        foreach ((Act act, int table, int entry) in steps)
        {
            switch (act)
            {
                case Act.Write:
                    backing.Increment(directory, table, entry);
                    break;
                case Act.Evict:
                    directory.TryGet(table)?.TryEvict();
                    break;
                default:
                    uint now = Volatile.Read(ref directory.Get(table)!.Entries[entry]);
                    Assert.True(now >= seen.GetValueOrDefault((table, entry)), "An update was undone.");
                    seen[(table, entry)] = now;
                    break;
            }
        }
    }
}
