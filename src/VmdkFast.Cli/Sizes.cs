using System.Globalization;

namespace VmdkFast.Cli;

/// <summary>Sizes as people write them and as qemu-img prints them.</summary>
static class Sizes
{
    const string Suffixes = "bkmgtpe";
    static readonly string[] s_prefixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

    /// <summary>Reads <c>64k</c>, <c>1.5G</c>, <c>0x1000</c>: a number and a suffix in powers of 1,024.</summary>
    /// <returns>False when the text is no size, negative, or above 2^63 - 1.</returns>
    internal static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            ReadOnlySpan<char> digits = text.AsSpan(2);
            return long.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bytes)
                && bytes >= 0;
        }

        int shift = 0;
        ReadOnlySpan<char> number = text;
        if (number is [.., char last] && Suffixes.IndexOf(char.ToLowerInvariant(last), StringComparison.Ordinal) is
            >= 0 and int index)
        {
            shift = index * 10;
            number = number[..^1];
        }

        // Decimal holds 2^63 exactly, and one and a half of anything.
        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value)
            || value > long.MaxValue)
        {
            return false;
        }

        decimal total = value * (1L << shift);
        bytes = total <= long.MaxValue ? (long)total : 0;
        return total <= long.MaxValue;
    }

    /// <summary>Three digits and a unit, as qemu-img: <c>1.15 MiB</c>.</summary>
    internal static string Format(long bytes)
    {
        double value = bytes;
        int unit = 0;
        while (value >= 1000 && unit < s_prefixes.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        int decimals = value switch { >= 100 => 0, >= 10 => 1, >= 1 => 2, _ => 3 };
        string number = Math.Round(value, decimals, MidpointRounding.ToEven)
            .ToString(CultureInfo.InvariantCulture);
        return $"{number} {s_prefixes[unit]}B";
    }
}
