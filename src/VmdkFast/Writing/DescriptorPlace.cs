using VmdkFast.Format;

namespace VmdkFast.Writing;

/// <summary>Where the written image keeps its descriptor, and how a new one gets there.</summary>
/// <param name="file">The file that holds it.</param>
/// <param name="offsetBytes">Where it begins.</param>
/// <param name="areaBytes">Room for it; 0 when the file is the descriptor, of any length.</param>
/// <param name="text">The descriptor as it was read.</param>
sealed class DescriptorPlace(WriteFile file, long offsetBytes, int areaBytes, DescriptorText text)
{
    internal WriteFile File => file;

    internal DescriptorText Text { get; private set; } = text;

    /// <summary>Writes a changed descriptor; only the sectors that differ are touched.</summary>
    /// <exception cref="VmdkException">The text has outgrown its area; nothing was written.</exception>
    internal void Replace(DescriptorText changed)
    {
        byte[] before = Text.ToBytes();
        byte[] after = areaBytes == 0 ? changed.ToBytes() : Padded(changed);
        for (int start = 0; start < after.Length; start += Sector.Bytes)
        {
            int length = Math.Min(Sector.Bytes, after.Length - start);
            ReadOnlySpan<byte> bytes = after.AsSpan(start, length);
            bool same = start + length <= before.Length && bytes.SequenceEqual(before.AsSpan(start, length));
            if (!same)
            {
                file.Write(bytes, offsetBytes + start);
            }
        }

        if (areaBytes == 0 && after.Length < before.Length)
        {
            file.Truncate(after.Length);
        }

        Text = changed;
    }

    byte[] Padded(DescriptorText changed)
    {
        if (changed.TextLengthBytes > areaBytes)
        {
            VmdkException.Throw(
                VmdkErrorCode.DescriptorInvalid, file.File.Path, "the changed descriptor does not fit into its area",
                offsetBytes, "descriptor", $"{changed.TextLengthBytes} bytes", $"at most {areaBytes} bytes");
        }

        return changed.ToPaddedBytes(areaBytes);
    }
}
