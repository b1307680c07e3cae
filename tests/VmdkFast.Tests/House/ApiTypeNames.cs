using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace VmdkFast.Tests.House;

/// <summary>Types, parameters and defaults in the words of C#, nullability included.</summary>
static class ApiTypeNames
{
    static readonly NullabilityInfoContext s_nullability = new();

    static readonly Dictionary<Type, string> s_words = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(char)] = "char",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(double)] = "double",
        [typeof(float)] = "float",
    };

    internal static string Of(ParameterInfo parameter) =>
        Name(parameter.ParameterType, s_nullability.Create(parameter));

    internal static string Of(PropertyInfo property) => Name(property.PropertyType, s_nullability.Create(property));

    internal static string Of(FieldInfo field) => Name(field.FieldType, s_nullability.Create(field));

    internal static string Of(Type type) => Name(type, null);

    /// <summary>The parameters of a method, with names and defaults: both are part of what callers write.</summary>
    internal static string ParameterList(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(parameter =>
            $"{Passing(parameter)}{Of(parameter)} {parameter.Name}{Default(parameter)}"));

    internal static string ParametersOf(Type[] parameters) =>
        $"<{string.Join(", ", parameters.Select(parameter => parameter.Name))}>";

    internal static string ConstraintsOf(Type[] parameters) => string.Concat(parameters.Select(parameter =>
    {
        GenericParameterAttributes attributes = parameter.GenericParameterAttributes;
        List<string> words = [];
        if (attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint))
        {
            words.Add("struct");
        }
        else if (attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
        {
            words.Add("class");
        }

        words.AddRange(parameter.GetGenericParameterConstraints()
            .Where(constraint => constraint != typeof(ValueType)).Select(Of));
        if (attributes.HasFlag(GenericParameterAttributes.AllowByRefLike))
        {
            words.Add("allows ref struct");
        }

        return words.Count == 0 ? "" : $" where {parameter.Name} : {string.Join(", ", words)}";
    }));

    internal static string Literal(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool truth => truth ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    static string Passing(ParameterInfo parameter) => parameter switch
    {
        { IsOut: true } => "out ",
        { IsIn: true } => "in ",
        { ParameterType.IsByRef: true } => "ref ",
        _ when parameter.IsDefined(typeof(ParamArrayAttribute))
            || parameter.IsDefined(typeof(ParamCollectionAttribute)) => "params ",
        _ => "",
    };

    static string Default(ParameterInfo parameter) => !parameter.HasDefaultValue ? ""
        : parameter is { DefaultValue: null, ParameterType.IsValueType: true } ? " = default"
        : $" = {Literal(parameter.DefaultValue)}";

    static string Name(Type type, NullabilityInfo? nullability)
    {
        if (type.IsByRef)
        {
            return Name(type.GetElementType()!, nullability?.ElementType);
        }

        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Of(underlying) + "?";
        }

        string mark = nullability?.ReadState == NullabilityState.Nullable && !type.IsValueType ? "?" : "";
        if (type.IsArray)
        {
            return $"{Name(type.GetElementType()!, nullability?.ElementType)}[]{mark}";
        }

        if (s_words.TryGetValue(type, out string? word))
        {
            return word + mark;
        }

        string name = type.Name.Split('`')[0];
        if (!type.IsGenericType)
        {
            return name + mark;
        }

        Type[] arguments = type.GetGenericArguments();
        IEnumerable<string> names = arguments.Select((argument, index) =>
            Name(argument, nullability?.GenericTypeArguments.ElementAtOrDefault(index)));
        return $"{name}<{string.Join(", ", names)}>{mark}";
    }
}
