using System.Globalization;

namespace VmdkFast.Format;

/// <summary>What may be written as a value or a name: the guard against descriptor injection.</summary>
static class DescriptorValue
{
    /// <summary>The CID that stands for "no parent".</summary>
    internal const uint NoParent = 0xFFFF_FFFF;

    /// <summary>The CID that refers a reader to <c>ddb.longContentID</c>.</summary>
    internal const uint SeeLongContentId = 0xFFFF_FFFE;

    /// <summary>A CID as VMware writes it: eight digits. QEMU drops leading zeros.</summary>
    internal static string FormatContentId(uint contentId) => contentId.ToString("x8", CultureInfo.InvariantCulture);

    /// <summary>Refuses a text that would end its quotes or its line.</summary>
    /// <remarks>All control characters, not only line ends: the grammar has no escape for any of them.</remarks>
    /// <exception cref="ArgumentException">The text holds a quote or a control character.</exception>
    internal static void ThrowIfUnwritable(string text, string parameterName)
    {
        foreach (char c in text)
        {
            if (c == '"' || char.IsControl(c))
            {
                throw new ArgumentException(
                    $"A descriptor cannot hold the character U+{(int)c:X4} in a value or name.", parameterName);
            }
        }
    }

    /// <summary>Refuses a text that would not read back as a key.</summary>
    /// <exception cref="ArgumentException">The text is empty or holds more than letters, digits and . _ -.</exception>
    internal static void ThrowIfNoKey(string key, string parameterName)
    {
        ArgumentException.ThrowIfNullOrEmpty(key, parameterName);
        if (!key.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
        {
            throw new ArgumentException(
                "A descriptor's key is made of ASCII letters, digits and . _ -.", parameterName);
        }
    }
}
