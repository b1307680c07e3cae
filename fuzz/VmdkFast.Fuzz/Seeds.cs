using System.Text;
using VmdkFast.Tests.Support;

namespace VmdkFast.Fuzz;

/// <summary>Writes the first inputs of every target: one small, whole image of each layout.</summary>
static class Seeds
{
    // The smallest grains there are, and one table: the metadata is what a mutator should meet, not the content.
    const int GrainSectors = 8;
    const int GrainBytes = GrainSectors * 512;
    const long LengthBytes = 12 * GrainBytes;
    const int DescriptorSectors = 2;

    /// <summary>Writes <c>folder/target/*</c>, over what is there.</summary>
    internal static void WriteTo(string folder)
    {
        string images = Directory.CreateDirectory(Path.Combine(folder, HeaderTarget.TargetName)).FullName;
        GuestContent content = new GuestContent(LengthBytes)
            .Fill(0, 512, ContentPattern.Stamp)
            .Fill(GrainBytes, GrainBytes, ContentPattern.Text)
            .Fill(LengthBytes - 512, 512, ContentPattern.Stamp);
        WriteSparse(images, content);
        WriteStreams(images, content);
        CowdImage.WriteBare(images, "cowd", content);
        string extents = $"RW 4 FLAT \"{HeaderTarget.ExtentName}\" 2\nRDONLY 4 ZERO";
        File.WriteAllText(Path.Combine(images, "flat.vmdk"), Descriptor("custom", extents));
        WriteDescriptors(Directory.CreateDirectory(Path.Combine(folder, DescriptorTarget.TargetName)).FullName);
    }

    static void WriteSparse(string images, GuestContent content)
    {
        var plain = new SparseOptions { GrainSectors = GrainSectors, DescriptorSectors = DescriptorSectors };
        SparseImage.Write(images, "sparse", content, plain);
        SparseImage.Write(
            images, "sparse-zero", content,
            plain with { Redundant = false, ZeroRanges = [new GuestRange(3 * GrainBytes, 2 * GrainBytes)] });
    }

    static void WriteStreams(string images, GuestContent content)
    {
        foreach (StreamLayout layout in Enum.GetValues<StreamLayout>())
        {
            StreamImage.Write(
                images, $"stream-{layout}".ToLowerInvariant(), content,
                new StreamOptions
                {
                    Layout = layout,
                    GrainSectors = GrainSectors,
                    DescriptorSectors = DescriptorSectors,
                    ProgressEvery = layout == StreamLayout.Export ? 2 : 0,
                });
        }

        StreamImage.Write(
            images, "stream-bare", content,
            new StreamOptions
            {
                Layout = StreamLayout.Qemu,
                GrainSectors = GrainSectors,
                DescriptorSectors = DescriptorSectors,
                Markers = false,
            });
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
