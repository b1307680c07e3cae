using System.Collections.Concurrent;
using VmdkFast.Fuzz;
using Xunit;

namespace VmdkFast.Tests.Fuzzing;

/// <summary>
/// Every byte of every structure of a small image of each kind, set to 0, to FF, one higher, and with one bit flipped:
/// opened, mapped and read to the end. Refused or read, in little memory, by no other exception.
/// </summary>
/// <remarks>
/// Of a table the used entries count, and three at each end: the others are zeros like those. The descriptors of all
/// sparse images are one text but for the createType; after the first of a kind every fifth byte is taken.
/// </remarks>
public sealed class MutationMatrixTests
{
    const long MaxAllocatedBytes = 4 << 20;
    const int BufferBytes = 1 << 18;
    const int DescriptorStep = 5;
    const int MaxRuns = 4096;

    static readonly Dictionary<string, SampleImage> s_samples = All().ToDictionary(sample => sample.Name);

    public static TheoryData<string> Names => [.. s_samples.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void AChangedByteIsReadOrRefused(string name)
    {
        SampleImage sample = s_samples[name];
        int[] bytes = [.. FieldBytes(sample).Concat(DescriptorBytes(sample)).Distinct()];
        ForEach(bytes, (folder, offset) =>
        {
            byte old = sample.Bytes[offset];
            byte flipped = (byte)(old ^ (1 << (offset % 8)));
            foreach (byte value in new HashSet<byte> { 0, 0xff, (byte)(old + 1), flipped })
            {
                if (value != old)
                {
                    Read(folder, Changed(sample, offset, value));
                }
            }
        });
    }

    // A space-efficient sparse header whose reserved bytes are no zeros is of a format that nobody knows.
    [Theory]
    [MemberData(nameof(Names))]
    public void AReservedByteChangesNothing(string name)
    {
        SampleImage sample = s_samples[name];
        HashSet<int> fields = [.. FieldBytes(sample)];
        int[] reserved =
        [
            .. sample.Structures.SelectMany(part => Enumerable.Range(part.OffsetBytes, part.LengthBytes))
                .Where(offset => !fields.Contains(offset)),
        ];
        ForEach(reserved, (folder, offset) =>
        {
            byte[]? content = Read(folder, Changed(sample, offset, (byte)(sample.Bytes[offset] ^ 0x55)));
            bool isAsBefore = content.AsSpan().SequenceEqual(Samples.Content.Read(0, Samples.LengthBytes));
            Assert.True(name == "sesparse" ? content is null : isAsBefore, $"byte {offset} of {name}");
        });
    }

    [Theory]
    [InlineData("sparse-plain")]
    [InlineData("sparse-zero")]
    [InlineData("sparse-tables")]
    public void ATableOrDirectoryWithAGoodCopyIsRepaired(string name)
    {
        SampleImage sample = s_samples[name];
        int[] entries = [.. sample.Places(PlaceGroup.Tables).Select(place => place.OffsetBytes)];
        byte[] content = Samples.Content.Read(0, Samples.LengthBytes);
        VmdkRepairOptions repair = new() { Check = RepairTarget.CheckOptions, Apply = true };
        ForEach(entries, (folder, entry) =>
        {
            // No place in the file; a place in the header. An entry that could be right has no copy that is better.
            foreach (byte[] value in (byte[][])[[0xff, 0xff, 0xff, 0xff], [0, 0, 0, 1], [2, 0, 0, 0]])
            {
                byte[] damaged = sample.Bytes.ToArray();
                value.CopyTo(damaged, entry);
                string path = folder[ImageReading.FileName];
                File.WriteAllBytes(path, damaged);
                VmdkRepairOptions how = repair with { JournalPath = folder[$"journal-{entry}-{value[0]}-{value[3]}"] };
                VmdkImage.RepairAsync(path, how).GetAwaiter().GetResult();
                byte[]? now = Read(folder, File.ReadAllBytes(path));
                Assert.True(now is not null && now.AsSpan().SequenceEqual(content), $"entry at {entry}");
            }
        });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AnImageThatIsCutAnywhereIsReadOrRefused(string name)
    {
        SampleImage sample = s_samples[name];
        int[] lengths = [.. Enumerable.Range(0, sample.Bytes.Length / 64).Select(i => i * 64)];
        ForEach(lengths, (folder, length) => Read(folder, sample.Bytes[..length].ToArray()));
    }

    static IEnumerable<SampleImage> All() =>
    [
        .. Samples.Sparse().Select(sample => new SampleImage("sparse-" + sample.Name[2..], sample.Bytes.ToArray())),
        .. Samples.Streams().Select(sample => new SampleImage("stream-" + sample.Name[2..], sample.Bytes.ToArray())),
        .. Samples.SeSparse().Select(sample => new SampleImage("sesparse", sample.Bytes.ToArray())),
        new SampleImage("descriptor", File.ReadAllBytes(Support.Repo.PathOf("fuzz", "corpus", "image", "flat.vmdk"))),
    ];

    static IEnumerable<int> FieldBytes(SampleImage sample) =>
        sample.Places(PlaceGroup.Header | PlaceGroup.Footer | PlaceGroup.Tables | PlaceGroup.Markers)
            .SelectMany(place => Enumerable.Range(place.OffsetBytes, place.SizeBytes));

    static IEnumerable<int> DescriptorBytes(SampleImage sample)
    {
        bool first = sample.Name is "sparse-plain" or "stream-export" or "descriptor";
        return Enumerable.Range(sample.Descriptor.OffsetBytes, sample.Descriptor.LengthBytes)
            .Where(offset => first || offset % DescriptorStep == 0);
    }

    static byte[] Changed(SampleImage sample, int offset, byte value)
    {
        byte[] changed = sample.Bytes.ToArray();
        changed[offset] = value;
        return changed;
    }

    static void ForEach(int[] cases, Action<FuzzFolder, int> action)
    {
        var complaints = new ConcurrentQueue<string>();
        Parallel.ForEach(
            cases, () => new FuzzFolder(), (item, _, folder) =>
            {
                try
                {
                    action(folder, item);
                }
                catch (Exception unexpected)
                {
                    complaints.Enqueue($"byte {item}: {unexpected.GetType().Name}: {unexpected.Message}");
                }

                return folder;
            },
            folder => folder.Dispose());
        Assert.Empty(complaints.Take(5));
    }

    static void Check(string path)
    {
        try
        {
            VmdkImage.CheckAsync(path, RepairTarget.CheckOptions).GetAwaiter().GetResult();
        }
        catch (VmdkException)
        {
            // Nothing that can be checked.
        }
    }

    // The content, or null where it was refused. Disks that became long are read at both ends.
    static byte[]? Read(FuzzFolder folder, byte[] image)
    {
        string path = folder[ImageReading.FileName];
        File.WriteAllBytes(path, image);
        Check(path);
        byte[] buffer = new byte[BufferBytes];
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using VmdkDisk disk = VmdkDisk.Open(path, ImageReading.Options);
            List<VmdkRun> runs = [.. disk.Map().Take(MaxRuns)];
            Assert.True(runs.Count == MaxRuns || runs.Sum(run => run.LengthBytes) == disk.Length, "the map has gaps");
            int length = disk.Read(buffer, 0);
            disk.Read(new byte[Sector.Bytes], disk.Length - Sector.Bytes);
            return buffer[..length];
        }
        catch (VmdkException)
        {
            return null;
        }
        finally
        {
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= MaxAllocatedBytes, $"{allocated} bytes were allocated");
        }
    }
}
