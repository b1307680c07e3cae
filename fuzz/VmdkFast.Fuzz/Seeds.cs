using System.Text;
using VmdkFast.Tests.Support;

namespace VmdkFast.Fuzz;

/// <summary>Writes the first inputs of every target: one small, whole image of each layout.</summary>
static class Seeds
{
    /// <summary>Writes <c>folder/target/*</c>, over what is there.</summary>
    internal static void WriteTo(string folder)
    {
        SampleImage[] samples = [.. Samples.Sparse(), .. Samples.Streams(), .. Samples.SeSparse()];
        foreach (string target in (string[])[HeaderTarget.TargetName, ImageTarget.TargetName])
        {
            string images = Directory.CreateDirectory(Path.Combine(folder, target)).FullName;
            foreach (SampleImage sample in samples)
            {
                File.WriteAllBytes(Path.Combine(images, sample.Name[2..] + ".vmdk"), sample.Bytes);
            }

            string extents = $"RW 4 FLAT \"{FuzzFolder.ExtentName}\" 2\nRDONLY 4 ZERO";
            File.WriteAllText(Path.Combine(images, "flat.vmdk"), Descriptor("custom", extents));
        }

        WriteDescriptors(Directory.CreateDirectory(Path.Combine(folder, DescriptorTarget.TargetName)).FullName);
        WriteChains(Directory.CreateDirectory(Path.Combine(folder, ChainTarget.TargetName)).FullName);
        WriteChoices(folder, FooterTarget.TargetName, Samples.Exports().Length, "");
        WritePipes(Directory.CreateDirectory(Path.Combine(folder, PipeTarget.TargetName)).FullName);
        WriteChoices(folder, RepairTarget.TargetName, samples.Length - 1, "");
        WriteChoices(folder, TablesTarget.TargetName, samples.Length, "");
        WriteChoices(
            folder, WritingTarget.TargetName, samples.Length - 1 + WritingTarget.ChildCount, Operations);
        WriteGrains(Directory.CreateDirectory(Path.Combine(folder, GrainsTarget.TargetName)).FullName);
    }

    // Two writes into one grain, a flush, zeros, a discard, a comparison.
    const string Operations = "00 0800 0400 61  00 1000 4000 62  05 0000 0000 00  03 2000 2000 00  04 0000 2000 00 "
        + " 07 5800 4000 63  06 0000 0000 00";

    // Each sample as it stands, and with one number changed in each way.
    static void WriteChoices(string folder, string target, int samples, string rest)
    {
        string inputs = Directory.CreateDirectory(Path.Combine(folder, target)).FullName;
        byte[] tail = Convert.FromHexString(rest.Replace(" ", "", StringComparison.Ordinal));
        for (byte sample = 0; sample < samples; sample++)
        {
            File.WriteAllBytes(Path.Combine(inputs, $"sample-{sample:00}"), [sample, 0, 0, .. tail]);
            byte place = (byte)(sample * 7);
            byte way = (byte)(sample % Nudges.Ways);
            File.WriteAllBytes(Path.Combine(inputs, $"nudge-{sample:00}"), [sample, 1, place, way, 0, 0, .. tail]);
        }
    }

    // Byte by byte and at odd paces; one whole stream that the mutator may take apart.
    static void WritePipes(string folder)
    {
        for (byte sample = 0; sample < PipeTarget.SampleCount; sample++)
        {
            File.WriteAllBytes(Path.Combine(folder, $"sample-{sample:00}"), [0, sample, 0, 0]);
            byte place = (byte)(sample * 7);
            byte way = (byte)(sample % Nudges.Ways);
            byte pace = (byte)(sample + 1);
            File.WriteAllBytes(Path.Combine(folder, $"nudge-{sample:00}"), [pace, sample, 1, place, way, 0, 0]);
        }

        byte own = (byte)PipeTarget.SampleCount;
        File.WriteAllBytes(Path.Combine(folder, "own"), [1, own, .. Samples.Exports()[0].Bytes]);
    }

    static void WriteGrains(string folder)
    {
        byte[] grain = new byte[Samples.GrainBytes];
        Samples.Content.Read(Samples.GrainBytes, grain);
        for (byte level = 0; level < 10; level += 3)
        {
            byte[] data = GrainDeflater.Deflate(grain, level, level == 0 ? 1000 : 65535);
            File.WriteAllBytes(Path.Combine(folder, $"level-{level}"), [level, 0, 0, 1, .. data]);
        }
    }

    static void WriteChains(string folder)
    {
        using var scratch = new FuzzFolder();
        GuestContent content = Samples.Content;
        GuestContent below = new GuestContent(Samples.LengthBytes).Fill(4096, 8192, ContentPattern.Text);
        var options = new SparseOptions { GrainSectors = Samples.GrainSectors, DescriptorSectors = 2 };
        string parent = SparseImage.Write(scratch.Path, "parent", below, options);
        var link = ParentLink.To(parent, below, scratch.Path);
        string child = SparseImage.Write(scratch.Path, "disk", content, options with { Parent = link });
        byte[] parentBytes = File.ReadAllBytes(parent);
        File.WriteAllBytes(
            Path.Combine(folder, "child"), ChainTarget.Join(File.ReadAllBytes(child), [], parentBytes));

        SparseExtent[] extents = [new() { Sectors = content.LengthSectors, FileName = ChainTarget.ExtentName }];
        string split = DescriptorImage.Write(
            scratch.Path, "split", "twoGbMaxExtentSparse", content,
            [extents[0] with { Options = options }], parent: link);
        byte[] extent = File.ReadAllBytes(scratch[ChainTarget.ExtentName]);
        File.WriteAllBytes(
            Path.Combine(folder, "split-child"), ChainTarget.Join(File.ReadAllBytes(split), extent, parentBytes));

        string lines = $"RW 8 FLAT \"{ChainTarget.ExtentName}\" 0\nRW 8 FLAT \"{ChainTarget.ParentName}\" 1";
        byte[] text = Encoding.Latin1.GetBytes(Descriptor("custom", lines));
        File.WriteAllBytes(Path.Combine(folder, "flat"), ChainTarget.Join(text, new byte[4096], new byte[8192]));
    }

    static void WriteDescriptors(string folder)
    {
        void Write(string name, string text) => File.WriteAllText(Path.Combine(folder, name), text, Encoding.Latin1);

        Write("sparse.txt", Descriptor("monolithicSparse", "RW 128 SPARSE \"disk.vmdk\""));
        Write("split.txt", Descriptor(
            "twoGbMaxExtentFlat", "RW 4192256 FLAT \"a-f001.vmdk\" 0\nRDONLY 8 ZERO\nNOACCESS 8 FLAT \"b\" 128"));
        Write("device.txt", Descriptor(
            "partitionedDevice", "RW 63 FLAT \"d-pt.vmdk\" 0\nRW 1 FLAT \"/dev/sda\" 63 Partition \"ID 1\""));
        Write("child.txt", Descriptor("vmfsSparse", "RW 128 VMFSSPARSE \"c-delta.vmdk\"")
            .Replace(
                "parentCID=ffffffff", "parentCID=0badcafe\nparentFileNameHint=\"p\u00e4rent.vmdk\"",
                StringComparison.Ordinal)
            .Replace("\n", "\r\n", StringComparison.Ordinal));
        Write("padded.txt", Descriptor("vmfs", "RW 128 VMFS \"v-flat.vmdk\"") + "\0\0\0\0# not read\n");
    }

    static string Descriptor(string createType, string extents) =>
        $"""
        # Disk DescriptorFile
        version=1
        encoding="windows-1252"
        CID=fffffffe
        parentCID=ffffffff
        createType="{createType}"

        # Extent description
        {extents}

        # The Disk Data Base
        ddb.adapterType = "lsilogic"
        ddb.geometry.cylinders = "1"
        ddb.geometry.heads = "16"
        ddb.geometry.sectors = "63"
        ddb.longContentID = "0123456789abcdef01234567fffffffe"
        ddb.virtualHWVersion = "4"

        """;
}
