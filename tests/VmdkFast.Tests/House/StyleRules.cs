using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace VmdkFast.Tests.House;

/// <summary>The house rules that a machine can check. Each yields one line for each fault.</summary>
static partial class StyleRules
{
    internal const int MaxLineCharacters = 120;
    internal const int MaxFileLines = 400;
    internal const int MaxMethodLines = 60;

    /// <summary>Rules for every C# file.</summary>
    internal static IEnumerable<string> CodeFaults(SourceFile file) =>
        [.. LongLines(file.RelativePath, file.Text), .. LongFile(file), .. LongMethods(file), .. EmptyNames(file)];

    /// <summary>Rules for every text file, code or not.</summary>
    internal static IEnumerable<string> TextFaults(string path, string text)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (Unfinished.IsMatch(lines[i]))
            {
                yield return $"{path}:{i + 1}: unfinished work: {lines[i].Trim()}";
            }

            if (MachinePath.IsMatch(lines[i]))
            {
                yield return $"{path}:{i + 1}: a path of one machine: {lines[i].Trim()}";
            }
        }
    }

    static IEnumerable<string> LongLines(string path, string text)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length > MaxLineCharacters)
            {
                yield return $"{path}:{i + 1}: {lines[i].Length} characters";
            }
        }
    }

    static IEnumerable<string> LongFile(SourceFile file)
    {
        int lines = file.Text.AsSpan().Count('\n');
        if (lines > MaxFileLines)
        {
            yield return $"{file.RelativePath}: {lines} lines";
        }
    }

    static IEnumerable<string> LongMethods(SourceFile file)
    {
        foreach (SyntaxNode method in file.Root.DescendantNodes())
        {
            if (method is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or LocalFunctionStatementSyntax)
            {
                FileLinePositionSpan span = method.GetLocation().GetLineSpan();
                int lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
                if (lines > MaxMethodLines)
                {
                    yield return $"{file.PlaceOf(method)}: a method of {lines} lines";
                }
            }
        }
    }

    static IEnumerable<string> EmptyNames(SourceFile file)
    {
        foreach (BaseTypeDeclarationSyntax type in file.Types)
        {
            if (EmptyWord.IsMatch(type.Identifier.Text))
            {
                yield return $"{file.PlaceOf(type)}: {type.Identifier.Text} says nothing about what it does";
            }
        }
    }

    // Whole words of a PascalCase name: "Utilization" is not one of them.
    [GeneratedRegex("(Manager|Helper|Util|Utils|Utility|Utilities|Handler|Processor)s?(?![a-z])")]
    static partial Regex EmptyWord { get; }

    [GeneratedRegex(@"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedException")]
    static partial Regex Unfinished { get; }

    // A user's folder, or the place where some build machine keeps its work.
    [GeneratedRegex(@"(?<![\w.~-])(/home/(?!user\b)\w+|/root/|/work/|/tmp/wt/|/Users/\w+|[A-Z]:\\Users\\\w+)")]
    static partial Regex MachinePath { get; }
}
