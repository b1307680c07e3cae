using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace VmdkFast.Tests.House;

/// <summary>One C# file as its rules see it: text, and the tree that the compiler makes of it.</summary>
sealed class SourceFile
{
    SourceFile(string relativePath, string text)
    {
        RelativePath = relativePath;
        Text = text;
        Root = CSharpSyntaxTree.ParseText(text).GetCompilationUnitRoot();
    }

    /// <summary>Below the repository's folder, with slashes.</summary>
    internal string RelativePath { get; }

    internal string Text { get; }

    internal CompilationUnitSyntax Root { get; }

    /// <summary>A file that exists only in a test.</summary>
    internal static SourceFile Of(string relativePath, string text) => new(relativePath, text);

    internal static SourceFile Load(string relativePath) => new(relativePath, RepositoryFiles.Read(relativePath));

    /// <summary>All types that the file declares, nested ones too.</summary>
    internal IEnumerable<BaseTypeDeclarationSyntax> Types =>
        Root.DescendantNodes().OfType<BaseTypeDeclarationSyntax>();

    /// <summary>Names of the types that other files can name directly.</summary>
    internal IEnumerable<string> OuterTypeNames =>
        Types.Where(type => type.Parent is BaseNamespaceDeclarationSyntax or CompilationUnitSyntax)
            .Select(type => type.Identifier.Text);

    /// <summary>"path:line" of a node.</summary>
    internal string PlaceOf(SyntaxNode node) => $"{RelativePath}:{LineOf(node)}";

    internal static int LineOf(SyntaxNode node) => node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
}
