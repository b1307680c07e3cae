using System.Text;

namespace VmdkFast.Cli;

/// <summary>qemu's <c>key=value,key=value</c>: a doubled comma is a comma, a key alone is <c>on</c>.</summary>
sealed class KeyValueList
{
    readonly Dictionary<string, string> _values = [];
    readonly HashSet<string> _taken = [];

    /// <summary>Adds what one option says; a later value of a key replaces an earlier one.</summary>
    internal void Add(string text)
    {
        foreach (string part in Split(text))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            (string key, string value) = equals < 0 ? (part, "on") : (part[..equals], part[(equals + 1)..]);
            _values[key] = value;
        }
    }

    /// <summary>The value of a key, which then counts as understood; null when it was not given.</summary>
    internal string? Take(string key)
    {
        _taken.Add(key);
        return _values.GetValueOrDefault(key);
    }

    /// <summary>As <see cref="Take"/>, for a switch.</summary>
    /// <exception cref="UsageException">It is neither on nor off.</exception>
    internal bool TakeSwitch(string key) => Take(key) switch
    {
        null or "off" or "no" or "false" or "n" => false,
        "on" or "yes" or "true" or "y" => true,
        _ => throw new UsageException($"Parameter '{key}' expects 'on' or 'off'"),
    };

    /// <summary>Refuses keys that nobody has asked for.</summary>
    /// <exception cref="UsageException">There is one.</exception>
    internal void RefuseOthers()
    {
        if (_values.Keys.FirstOrDefault(key => !_taken.Contains(key)) is { } unknown)
        {
            throw new UsageException($"Invalid parameter '{unknown}'");
        }
    }

    static IEnumerable<string> Split(string text)
    {
        var part = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != ',')
            {
                part.Append(text[i]);
            }
            else if (i + 1 < text.Length && text[i + 1] == ',')
            {
                part.Append(',');
                i++;
            }
            else
            {
                yield return part.ToString();
                part.Clear();
            }
        }

        if (part.Length > 0)
        {
            yield return part.ToString();
        }
    }
}
