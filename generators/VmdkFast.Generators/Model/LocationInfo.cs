using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace VmdkFast.Generators.Model;

/// <summary>A place in a file, by value: a <see cref="Location"/> would keep its syntax tree alive.</summary>
sealed record LocationInfo(
    string Path, int Start, int Length, int StartLine, int StartCharacter, int EndLine, int EndCharacter)
{
    public static LocationInfo From(Location location)
    {
        FileLinePositionSpan lines = location.GetLineSpan();
        return new(
            lines.Path ?? "", location.SourceSpan.Start, location.SourceSpan.Length,
            lines.StartLinePosition.Line, lines.StartLinePosition.Character,
            lines.EndLinePosition.Line, lines.EndLinePosition.Character);
    }

    public Location ToLocation() => Location.Create(
        Path,
        new TextSpan(Start, Length),
        new LinePositionSpan(new(StartLine, StartCharacter), new(EndLine, EndCharacter)));
}
