using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace VmdkFast.Format;

sealed partial class DescriptorText
{
    void SplitLines()
    {
        long maxLines = ((long)LinesPerExtent * _limits.MaxExtents) + SpareLines;
        ReadOnlySpan<byte> text = _bytes.AsSpan(0, _textLength);
        for (int at = 0; at < text.Length;)
        {
            if (_lines.Count == maxLines)
            {
                _source.Throw(
                    VmdkErrorCode.LimitExceeded, at, "descriptor", "The descriptor has too many lines",
                    $"more than {maxLines} lines", $"at most {maxLines} lines");
            }

            DescriptorLine line = DescriptorLine.Read(text, at);
            if (line.Kind == DescriptorLineKind.Unknown)
            {
                // Skipped, it could be an extent with one wrong letter: a disk with a hole nobody is told of.
                _source.ThrowInvalid(
                    at, $"line {_lines.Count + 1}", "A line is neither a comment, a value nor an extent",
                    DescriptorSource.Show(line.Content.Of(text)), "# comment, key=value or an extent");
            }

            if (line.Kind == DescriptorLineKind.Entry)
            {
                AddKey(line);
            }

            _lines.Add(line);
            at = line.Next;
        }
    }

    void AddKey(in DescriptorLine line)
    {
        string key = Encoding.UTF8.GetString(line.Key.Of(_bytes));
        if (!_lineByKey.TryAdd(key, _lines.Count) && DescriptorKeys.IsHeader(key)
            && !line.Value.Of(_bytes).SequenceEqual(_lines[_lineByKey[key]].Value.Of(_bytes)))
        {
            _source.ThrowInvalid(
                line.Start, key, "A key appears twice with different values",
                DescriptorSource.Show(line.Value.Of(_bytes)),
                DescriptorSource.Show(_lines[_lineByKey[key]].Value.Of(_bytes)));
        }
    }

    /// <summary>The line of a header key; null when absent. Refuses values whose end is a matter of opinion.</summary>
    DescriptorLine? HeaderLine(string key)
    {
        if (!_lineByKey.TryGetValue(key, out int index))
        {
            return null;
        }

        DescriptorLine line = _lines[index];
        if (!line.IsWellFormed)
        {
            _source.ThrowInvalid(
                line.Start, key, "A value's quotes do not match", DescriptorSource.Show(line.Content.Of(_bytes)),
                "one pair of quotes around the value");
        }

        return line;
    }

    string? HeaderValue(string key) => HeaderLine(key) is { } line ? Decode(line.Value) : null;

    int ReadVersion()
    {
        if (HeaderLine(DescriptorKeys.Version) is not { } line)
        {
            Missing(DescriptorKeys.Version, "1, 2 or 3");
            return 0;
        }

        ReadOnlySpan<byte> value = line.Value.Of(_bytes);
        if (value is not [>= (byte)'1' and <= (byte)'3'])
        {
            _source.Throw(
                value.IsEmpty || value.ContainsAnyExceptInRange((byte)'0', (byte)'9')
                    ? VmdkErrorCode.DescriptorInvalid
                    : VmdkErrorCode.Unsupported,
                line.Start, DescriptorKeys.Version, "The descriptor's version is not supported",
                DescriptorSource.Show(value), "1, 2 or 3");
        }

        return value[0] - '0';
    }

    // One to eight digits: QEMU and others drop leading zeros.
    uint? ReadContentId(string key)
    {
        if (HeaderLine(key) is not { } line)
        {
            return null;
        }

        ReadOnlySpan<byte> value = line.Value.Of(_bytes);
        if (value.Length is 0 or > 8 || !uint.TryParse(
            value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint contentId))
        {
            _source.ThrowInvalid(
                line.Start, key, "A content ID is not hexadecimal", DescriptorSource.Show(value), "1 to 8 hex digits");
            return null;
        }

        return contentId;
    }

    ReadOnlyMemory<byte> ReadName(string key)
    {
        if (HeaderLine(key) is not { } line)
        {
            return default;
        }

        if (line.Value.Length > _limits.MaxNameBytes)
        {
            _source.Throw(
                VmdkErrorCode.LimitExceeded, line.Start, key, "A file name is too long",
                $"{line.Value.Length} bytes", $"at most {_limits.MaxNameBytes} bytes");
        }

        return _bytes.AsMemory(line.Value.Start, line.Value.Length);
    }

    List<ExtentLine> ReadExtents()
    {
        var extents = new List<ExtentLine>();
        ulong capacitySectors = 0;
        foreach (DescriptorLine line in _lines)
        {
            if (line.Kind != DescriptorLineKind.Extent)
            {
                continue;
            }

            if (extents.Count == _limits.MaxExtents)
            {
                _source.Throw(
                    VmdkErrorCode.LimitExceeded, line.Start, $"extent {extents.Count}",
                    "The descriptor has too many extents", $"more than {_limits.MaxExtents} extents",
                    $"at most {_limits.MaxExtents} extents");
            }

            ExtentLine extent = new ExtentLineReader(_bytes, line.Content, extents.Count, _source)
                .Read(_encoding, _limits.MaxNameBytes);
            // Both are at most 2^54, so the sum cannot overflow before it is judged.
            capacitySectors += (ulong)extent.LengthSectors;
            if (capacitySectors > Sector.MaxSectors)
            {
                _source.ThrowInvalid(
                    line.Start, $"extent {extents.Count}", "The extents together are longer than a disk can be",
                    $"{capacitySectors} sectors", $"at most {Sector.MaxSectors} sectors");
            }

            extents.Add(extent);
        }

        return extents;
    }

    [DoesNotReturn]
    string Missing(string key, string wanted)
    {
        int at = _lineByKey.TryGetValue(key, out int line) ? _lines[line].Start : 0;
        _source.ThrowInvalid(at, key, $"The descriptor has no {key}", found: null, wanted);
        return "";
    }

    [DoesNotReturn]
    uint MissingId(string key)
    {
        Missing(key, "1 to 8 hex digits");
        return 0;
    }
}
