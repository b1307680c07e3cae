using System.Collections;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace VmdkFast.Generators.Tests.Support;

/// <summary>Searches all that an object holds, privately too, for something that belongs to the compiler.</summary>
/// <remarks>
/// Such an object in a stage's output keeps a whole compilation alive and never equals its successor. The test is
/// assignability: symbols and nodes arrive as classes that the compiler keeps to itself.
/// </remarks>
static class ObjectGraph
{
    static readonly Assembly[] s_compiler = [typeof(ISymbol).Assembly, typeof(SyntaxKind).Assembly];

    /// <summary>The way to the first object of the compiler, or null.</summary>
    public static string? FindCompilerObject(object root) =>
        Search(root, root.GetType().Name, new(ReferenceEqualityComparer.Instance));

    static string? Search(object? value, string way, HashSet<object> seen)
    {
        if (value is null or string or Enum || value.GetType().IsPrimitive || !seen.Add(value))
        {
            return null;
        }

        if (BelongsToCompiler(value.GetType()))
        {
            return $"{way} ({value.GetType()})";
        }

        if (value is Array items)
        {
            return SearchItems(items, way, seen);
        }

        for (Type? type = value.GetType(); type is not null; type = type.BaseType)
        {
            const BindingFlags Declared =
                BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
            foreach (FieldInfo field in type.GetFields(Declared))
            {
                if (Search(field.GetValue(value), $"{way}.{field.Name}", seen) is { } found)
                {
                    return found;
                }
            }
        }

        return null;
    }

    static string? SearchItems(IEnumerable items, string way, HashSet<object> seen)
    {
        int index = 0;
        foreach (object? item in items)
        {
            if (Search(item, $"{way}[{index++}]", seen) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    static bool BelongsToCompiler(Type type)
    {
        for (Type? ancestor = type; ancestor is not null; ancestor = ancestor.BaseType)
        {
            if (s_compiler.Contains(ancestor.Assembly))
            {
                return true;
            }
        }

        return type.GetInterfaces().Any(face => s_compiler.Contains(face.Assembly));
    }
}
