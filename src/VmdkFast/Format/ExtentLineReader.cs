using System.Text;

namespace VmdkFast.Format;

/// <summary>Reads one extent line, word by word.</summary>
ref struct ExtentLineReader
{
    readonly ReadOnlySpan<byte> _text;
    readonly DescriptorSource _source;
    readonly ByteSlice _line;
    readonly string _field;
    int _at;

    /// <param name="text">All bytes of the descriptor.</param>
    /// <param name="line">The extent line, trimmed.</param>
    /// <param name="index">Position among the extent lines, from 0, for messages.</param>
    /// <param name="source">Where the descriptor came from.</param>
    internal ExtentLineReader(ReadOnlySpan<byte> text, ByteSlice line, int index, DescriptorSource source)
    {
        _text = text[..line.End];
        _line = line;
        _source = source;
        _field = $"extent {index}";
        _at = line.Start;
    }

    /// <summary>Reads the whole line.</summary>
    /// <exception cref="VmdkException">The line is not an extent line, or its numbers are impossible.</exception>
    internal ExtentLine Read(Encoding encoding, int maxNameBytes)
    {
        VmdkAccess access = DescriptorLine.AccessOf(NextWord().Of(_text)).GetValueOrDefault();
        long lengthSectors = ToSectors(NextWord(), "a number of sectors", Sector.MaxSectors);
        VmdkExtentType type = ToType(NextWord());
        if (lengthSectors == 0 && type != VmdkExtentType.Zero)
        {
            Fail("An extent that holds data has no sectors", "at least 1 sector");
        }

        ByteSlice name = HasMore ? NextName(maxNameBytes) : default;
        if (name.Length == 0 && type != VmdkExtentType.Zero)
        {
            Fail("Invalid extent line: it names no file", "\"FILE\" after the type");
        }

        long offsetSectors = HasMore
            ? ToSectors(NextWord(), "an offset in sectors", Sector.MaxSectors - (ulong)lengthSectors)
            : 0;
        // VMware and DiscUtils write a 0 after VMFS, which QEMU refuses; any other offset has no known meaning.
        if (offsetSectors != 0 && type != VmdkExtentType.Flat)
        {
            Fail("Invalid extent line: only FLAT takes an offset", "offset 0 or none");
        }

        string? partition = HasMore ? encoding.GetString(NextText()) : null;
        string? device = HasMore ? encoding.GetString(NextText()) : null;
        if (HasMore)
        {
            Fail("Invalid extent line: too many words", "at most 7 words");
        }

        return new ExtentLine
        {
            Access = access,
            Type = type,
            LengthSectors = lengthSectors,
            OffsetSectors = offsetSectors,
            FileName = name.Length == 0 ? null : encoding.GetString(name.Of(_text)),
            FileNameBytes = name.Of(_text).ToArray(),
            NameEncoding = encoding,
            PartitionUuid = partition,
            DeviceId = device,
        };
    }

    readonly bool HasMore => !_text[_at..].Trim(" \t\r"u8).IsEmpty;

    ByteSlice NextWord()
    {
        SkipBlanks();
        int length = _text[_at..].IndexOfAny((byte)' ', (byte)'\t');
        var word = new ByteSlice(_at, length < 0 ? _text.Length - _at : length);
        _at = word.End;
        return word;
    }

    ByteSlice NextName(int maxNameBytes)
    {
        ByteSlice name = NextQuoted();
        if (name.Length > maxNameBytes)
        {
            _source.Throw(
                VmdkErrorCode.LimitExceeded, _line.Start, _field, "The extent's file name is too long",
                $"{name.Length} bytes", $"at most {maxNameBytes} bytes");
        }

        if (name.Of(_text).Contains((byte)'\r'))
        {
            Fail("Invalid extent line: a carriage return in the file name", "a name on one line");
        }

        return name;
    }

    ByteSlice NextQuoted()
    {
        SkipBlanks();
        int length = _text[_at] == '"' ? _text[(_at + 1)..].IndexOf((byte)'"') : -1;
        if (length < 0)
        {
            Fail("Invalid extent line: the file name is not in quotes", "\"FILE\"");
        }

        var quoted = new ByteSlice(_at + 1, length);
        _at = quoted.End + 1;
        if (_at < _text.Length && _text[_at] is not ((byte)' ' or (byte)'\t'))
        {
            Fail("Invalid extent line: text directly after a quote", "a blank");
        }

        return quoted;
    }

    // Identifiers of partitions and devices appear with and without quotes.
    ReadOnlySpan<byte> NextText()
    {
        SkipBlanks();
        return (_text[_at] == '"' ? NextQuoted() : NextWord()).Of(_text);
    }

    void SkipBlanks()
    {
        while (_at < _text.Length && _text[_at] is (byte)' ' or (byte)'\t' or (byte)'\r')
        {
            _at++;
        }
    }

    readonly VmdkExtentType ToType(ByteSlice word)
    {
        if (word.Length == 0)
        {
            Fail("Invalid extent line: it has no type", "ACCESS SECTORS TYPE");
        }

        VmdkExtentType? type = ExtentLine.TypeOf(word.Of(_text));
        if (type is null)
        {
            _source.Throw(
                VmdkErrorCode.Unsupported, _line.Start, _field, "The extent's type is not known",
                DescriptorSource.Show(word.Of(_text)),
                "FLAT, SPARSE, ZERO, VMFS, VMFSSPARSE, VMFSRDM, VMFSRAW, SESPARSE or VSANSPARSE");
        }

        return type.Value;
    }

    readonly long ToSectors(ByteSlice word, string meaning, ulong max)
    {
        // Digits only: .NET would take "+5" and "5 " too, and a sign here is an attack or an accident.
        ReadOnlySpan<byte> digits = word.Of(_text);
        bool isNumber = !digits.IsEmpty && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9');
        if (!isNumber || !ulong.TryParse(digits, System.Globalization.NumberStyles.None, null, out ulong value)
            || value > max)
        {
            Fail($"Invalid extent line: not {meaning}", $"{meaning} from 0 to {max}");
            return 0;
        }

        return (long)value;
    }

    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    readonly void Fail(string problem, string wanted) =>
        _source.ThrowInvalid(_line.Start, _field, problem, DescriptorSource.Show(_line.Of(_text)), wanted);
}
