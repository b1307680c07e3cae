using System.Numerics;
using VmdkFast.Format;

namespace VmdkFast.Creating;

/// <summary>Which options go together. Asks nothing of the file system.</summary>
static class CreateRules
{
    const long MinHostedGrainBytes = 4 << 10;
    const long MaxHostedGrainBytes = 1 << 30;
    const long MinCowdGrainBytes = Sector.Bytes;
    const long MaxCowdGrainBytes = 1 << 20;

    /// <summary>Refuses what can be refused before anything is looked at.</summary>
    /// <exception cref="ArgumentException">
    /// An option is out of its range, or contradicts another or the kind.
    /// </exception>
    internal static void Check(VmdkCreateOptions options)
    {
        KindForm form = KindForm.Of(options.Kind);
        CheckNumbers(options);
        Refuse(options.LengthBytes is null && options.ParentPath is null, "A disk without a parent needs a length.");
        Refuse(
            !DescriptorEncoding.IsKnown(options.Encoding),
            $"A descriptor cannot be written in the encoding '{options.Encoding}'; UTF-8, windows-1252, GBK, Shift_JIS "
            + "and Big5 are some of those that can.");
        Refuse(options.ParentPath is { Length: 0 }, "The parent's path is empty.");
        bool isFlat = form.Storing == Storing.Flat;
        Refuse(isFlat && options.ParentPath is not null, "Flat image can't have backing file");
        Refuse(isFlat && options.ZeroGrains, "Flat image can't enable zeroed grain");
        Refuse(isFlat && options.GrainBytes is not null, "A flat image has no grains.");
        Refuse(
            form.Storing == Storing.Stream && options.ParentPath is not null,
            "A streamOptimized image can't have a backing file");
        Refuse(
            options.ZeroGrains && form.Storing is (Storing.Stream or Storing.Cowd),
            $"An image of the kind {options.Kind} can't enable zeroed grain");
        Refuse(
            options.Preallocation != VmdkPreallocation.Off && (!isFlat || options.Kind == VmdkDiskKind.VmfsThin),
            $"Space is taken at once only by flat images, and not by {options.Kind}.");
        if (options.GrainBytes is { } grainBytes)
        {
            (long min, long max) = form.Storing == Storing.Cowd
                ? (MinCowdGrainBytes, MaxCowdGrainBytes)
                : (MinHostedGrainBytes, MaxHostedGrainBytes);
            Refuse(
                grainBytes < min || grainBytes > max || !BitOperations.IsPow2(grainBytes),
                $"A grain of {grainBytes} bytes is not possible: wanted a power of two from {min} to {max}.");
        }
    }

    static void CheckNumbers(VmdkCreateOptions options)
    {
        Refuse(options.LengthBytes <= 0, "A disk has at least one byte.");
        Refuse(options.LengthBytes > Sector.ToBytes(Sector.MaxSectors), "The disk is too long: its end has no offset.");
        Refuse(options.HardwareVersion < 1, "The version of the virtual hardware is 1 or more.");
        Refuse(!Enum.IsDefined(options.Adapter), "The adapter is not known.");
        Refuse(!Enum.IsDefined(options.Preallocation), "The preallocation is not known.");
        Refuse(
            options.ContentId is DescriptorValue.NoParent or DescriptorValue.SeeLongContentId,
            "ffffffff and fffffffe are no content IDs: they stand for \"no parent\" and \"see the long content ID\".");
        Refuse(
            options.LongContentId is { } text && !(text.Length == 32 && text.All(char.IsAsciiHexDigit)),
            "A long content ID is 32 hexadecimal digits.");
    }

    static void Refuse(bool condition, string message)
    {
        if (condition)
        {
            throw new ArgumentException(message);
        }
    }
}
