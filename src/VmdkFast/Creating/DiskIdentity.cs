using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using VmdkFast.Format;

namespace VmdkFast.Creating;

/// <summary>The IDs of a new disk: those that were asked for, and random ones in place of the rest.</summary>
/// <param name="ContentId">The CID; neither of the two values with a meaning of their own.</param>
/// <param name="LongContentId">32 digits, the last eight of which are the CID.</param>
/// <param name="Uuid">VMware's spelling; null for a child that has not been given one.</param>
sealed record DiskIdentity(uint ContentId, string LongContentId, string? Uuid)
{
    const int ContentIdDigits = 8;

    /// <summary>Chooses the IDs.</summary>
    internal static DiskIdentity For(VmdkCreateOptions options)
    {
        // A caller who fixes both other IDs wants the same bytes again: nothing is left to chance then.
        byte[] unasked = options is { ContentId: not null, Uuid: { } fixedUuid }
            ? fixedUuid.ToByteArray(bigEndian: true)
            : RandomNumberGenerator.GetBytes(16);
        string longContentId = options.LongContentId ?? Convert.ToHexStringLower(unasked);
        uint contentId = options.ContentId ?? (options.LongContentId is null
            ? RandomContentId()
            : uint.Parse(
                longContentId.AsSpan(^ContentIdDigits..), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        if (contentId is DescriptorValue.NoParent or DescriptorValue.SeeLongContentId)
        {
            throw new ArgumentException("The long content ID ends in digits that are no content ID.");
        }

        // A child is the same disk as its parent: with a UUID of its own the machine would see another serial number
        // after a snapshot.
        string? uuid = options.Uuid is { } given ? Spell(given.ToByteArray(bigEndian: true))
            : options.ParentPath is null ? Spell(RandomUuid())
            : null;
        return new DiskIdentity(
            contentId,
            longContentId[..^ContentIdDigits].ToLowerInvariant() + DescriptorValue.FormatContentId(contentId), uuid);
    }

    static uint RandomContentId()
    {
        while (true)
        {
            uint candidate = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint)));
            if (candidate is not (DescriptorValue.NoParent or DescriptorValue.SeeLongContentId))
            {
                return candidate;
            }
        }
    }

    // Every disk of VMware's begins with its OUI as a name of type 6: 6000C29.
    static byte[] RandomUuid()
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(16);
        (bytes[0], bytes[1], bytes[2]) = (0x60, 0x00, 0xC2);
        bytes[3] = (byte)(0x90 | (bytes[3] & 0x0f));
        return bytes;
    }

    // "60 00 C2 9a 12 34 56 78-9a bc ...": blanks between the bytes, a dash in the middle.
    static string Spell(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        for (int i = 0; i < bytes.Length; i++)
        {
            text.Append(i == 0 ? "" : i == bytes.Length / 2 ? "-" : " ")
                .Append(bytes[i].ToString("x2", CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }
}
