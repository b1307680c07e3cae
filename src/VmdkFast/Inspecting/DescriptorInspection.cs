using System.Text;
using VmdkFast.Format;

namespace VmdkFast.Inspecting;

/// <summary>Shows a descriptor: its text always, its entries and extents when it can be parsed.</summary>
static class DescriptorInspection
{
    const string Meaning = "Text that says what the disk is and where its parts are.";

    /// <summary>A file that is a descriptor.</summary>
    internal static void ShowFile(FoundStructures found, VmdkLimits limits) =>
        Show(found, "descriptor", 0, found.File.LengthBytes, limits);

    /// <summary>The area that a hosted sparse header names.</summary>
    internal static void ShowEmbedded(FoundStructures found, in SparseHeader header, VmdkLimits limits)
    {
        if (header.DescriptorOffsetSectors == 0 || header.DescriptorSizeSectors == 0)
        {
            return;
        }

        if (header.DescriptorOffsetSectors > Sector.MaxSectors || header.DescriptorSizeSectors > Sector.MaxSectors
            || Sector.ToBytes(header.DescriptorOffsetSectors) >= found.File.LengthBytes)
        {
            found.Problem("the embedded descriptor lies beyond the end of the file", 0);
            return;
        }

        Show(
            found, "embedded descriptor", Sector.ToBytes(header.DescriptorOffsetSectors),
            Sector.ToBytes(header.DescriptorSizeSectors), limits);
    }

    static void Show(FoundStructures found, string name, long offsetBytes, long lengthBytes, VmdkLimits limits)
    {
        if (lengthBytes > limits.MaxDescriptorBytes)
        {
            found.Problem(
                $"the {name} has {lengthBytes} bytes; only the first {limits.MaxDescriptorBytes} are shown",
                offsetBytes);
        }

        var bytes = new byte[Math.Min(
            Math.Min(lengthBytes, limits.MaxDescriptorBytes), found.File.LengthBytes - offsetBytes)];
        ReadOnlySpan<byte> text = bytes.AsSpan(0, found.File.Read(bytes, offsetBytes));
        if (text.IsEmpty || text[0] == 0)
        {
            found.Add(name, offsetBytes, Meaning, [], "");
            return;
        }

        try
        {
            var descriptor = DescriptorText.Parse(text, found.File.Path, limits, offsetBytes);
            found.Add(name, offsetBytes, Meaning, Fields(descriptor), descriptor.Text);
        }
        catch (VmdkException fault)
        {
            found.Problems.Add(fault.Message);
            int end = text.IndexOf((byte)0);
            found.Add(name, offsetBytes, Meaning, [], Encoding.UTF8.GetString(end < 0 ? text : text[..end]));
        }
    }

    static List<VmdkField> Fields(DescriptorText descriptor)
    {
        List<VmdkField> fields =
            [.. descriptor.Entries.Select(entry => new VmdkField(entry.Key, null, entry.Value, null, ""))];
        for (int i = 0; i < descriptor.Extents.Count; i++)
        {
            ExtentLine extent = descriptor.Extents[i];
            fields.Add(new VmdkField(
                $"extent[{i}]", null, $"{extent}", FieldNote.Sectors((ulong)extent.LengthSectors), ""));
        }

        return fields;
    }
}
