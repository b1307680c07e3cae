using System.Text;

namespace VmdkFast.Generators.Emitting;

/// <summary>Indented lines. Line ends are always LF, so that the same source gives the same bytes everywhere.</summary>
sealed class SourceWriter
{
    readonly StringBuilder _text = new();
    int _depth;

    /// <summary>Writes every line of a text at the present depth; a line that is empty stays empty.</summary>
    public void Write(string lines)
    {
        foreach (string line in lines.Replace("\r\n", "\n").Split('\n'))
        {
            if (line.Length > 0)
            {
                _text.Append(' ', _depth * 4).Append(line);
            }

            _text.Append('\n');
        }
    }

    /// <summary>Writes a header and opens its block.</summary>
    public void Open(string header)
    {
        Write(header);
        Write("{");
        _depth++;
    }

    /// <summary>Closes the innermost block.</summary>
    public void Close()
    {
        _depth--;
        Write("}");
    }

    public override string ToString() => _text.ToString();
}
