using Microsoft.CodeAnalysis;

namespace VmdkFast.Generators.Parsing;

/// <summary>Reads attribute arguments, which may be anything while the user types.</summary>
static class AttributeValues
{
    /// <summary>The attribute of this name, or null.</summary>
    public static AttributeData? Find(ISymbol symbol, string metadataName) =>
        FindAll(symbol, metadataName).FirstOrDefault();

    /// <summary>All attributes of this name.</summary>
    public static IEnumerable<AttributeData> FindAll(ISymbol symbol, string metadataName) => symbol.GetAttributes()
        .Where(attribute => attribute.AttributeClass?.ToDisplayString() == metadataName);

    /// <summary>The constructor's argument at this place; false when there is no int, a compiler error.</summary>
    public static bool TryGetInt(AttributeData attribute, int index, out int value)
    {
        value = 0;
        if (index >= attribute.ConstructorArguments.Length
            || attribute.ConstructorArguments[index] is not { Kind: TypedConstantKind.Primitive, Value: int number })
        {
            return false;
        }

        value = number;
        return true;
    }

    /// <summary>The named argument, or <paramref name="otherwise"/> when it is absent or of another type.</summary>
    public static T Named<T>(AttributeData attribute, string name, T otherwise)
    {
        foreach (KeyValuePair<string, TypedConstant> argument in attribute.NamedArguments)
        {
            if (argument.Key == name && argument.Value is { Kind: not TypedConstantKind.Array, Value: T value })
            {
                return value;
            }
        }

        return otherwise;
    }

    /// <summary>The name of the enum member given as a named argument; the zero member's when there is none.</summary>
    public static string NamedEnum(AttributeData attribute, string name, string otherwise)
    {
        foreach (KeyValuePair<string, TypedConstant> argument in attribute.NamedArguments)
        {
            if (argument.Key == name && argument.Value is { Kind: TypedConstantKind.Enum, Type: { } type } constant)
            {
                return type.GetMembers().OfType<IFieldSymbol>()
                    .FirstOrDefault(member => member.HasConstantValue && Equals(member.ConstantValue, constant.Value))
                    ?.Name ?? otherwise;
            }
        }

        return otherwise;
    }

    /// <summary>Where the attribute stands.</summary>
    public static Location Place(AttributeData attribute, CancellationToken token) =>
        attribute.ApplicationSyntaxReference?.GetSyntax(token).GetLocation() ?? Location.None;
}
