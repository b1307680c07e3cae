using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace VmdkFast.Tests.House;

/// <summary>The public API of an assembly as text, in the words of C#: one line for each type and member.</summary>
/// <remarks>What the compiler makes for records (equality, copying, printing) is left out: "record" says it.</remarks>
static class ApiText
{
    const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.DeclaredOnly;

    internal static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Head(type)).Append('\n');
            foreach (string member in Members(type).Order(StringComparer.Ordinal))
            {
                text.Append("    ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    static string Head(Type type)
    {
        string parameters = type.IsGenericTypeDefinition ? ApiTypeNames.ParametersOf(type.GetGenericArguments()) : "";
        string constraints = type.IsGenericTypeDefinition ? ApiTypeNames.ConstraintsOf(type.GetGenericArguments()) : "";
        return $"{Kind(type)} {type.Namespace}.{NestedName(type)}{parameters}{Bases(type)}{constraints}";
    }

    static string NestedName(Type type)
    {
        string name = type.Name.Split('`')[0];
        return type.DeclaringType is { } outer ? $"{NestedName(outer)}.{name}" : name;
    }

    static string Kind(Type type)
    {
        if (type.IsEnum)
        {
            return type.IsDefined(typeof(FlagsAttribute)) ? "[Flags] enum" : "enum";
        }

        if (type.IsInterface)
        {
            return "interface";
        }

        bool isRecord = type.GetMethod("PrintMembers", Declared) is not null;
        if (type.IsValueType)
        {
            string prefix = (type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "")
                + (type.IsByRefLike ? "ref " : "");
            return prefix + (isRecord ? "record struct" : "struct");
        }

        string modifier = type is { IsAbstract: true, IsSealed: true } ? "static "
            : type.IsAbstract ? "abstract "
            : type.IsSealed ? "sealed " : "";
        return modifier + (isRecord ? "record" : "class");
    }

    static string Bases(Type type)
    {
        if (type.IsEnum)
        {
            Type underlying = Enum.GetUnderlyingType(type);
            return underlying == typeof(int) ? "" : $" : {ApiTypeNames.Of(underlying)}";
        }

        List<string> bases = type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType)
            ? [ApiTypeNames.Of(parent)] : [];

        // What a base type or a record brings along is no statement of this type.
        Type[] inherited = type.BaseType?.GetInterfaces() ?? [];
        bases.AddRange(type.GetInterfaces().Except(inherited)
            .Where(contract => !(contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(IEquatable<>)))
            .Select(ApiTypeNames.Of).Order(StringComparer.Ordinal));
        return bases.Count == 0 ? "" : $" : {string.Join(", ", bases)}";
    }

    static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            // The number first, padded, so that members stay in their order.
            return Enum.GetNames(type).Select(name => string.Create(
                CultureInfo.InvariantCulture, $"{Convert.ToInt64(Enum.Parse(type, name), null),6} {name}"));
        }

        return
        [
            .. type.GetConstructors(Declared).Where(IsVisible).Select(Constructor),
            .. type.GetProperties(Declared)
                .Where(property => property.GetAccessors(true).Any(IsVisible)).Select(Property),
            .. type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily).Select(Field),
            .. type.GetEvents(Declared).Select(notice =>
                $"event {ApiTypeNames.Of(notice.EventHandlerType!)} {notice.Name}"),
            .. type.GetMethods(Declared).Where(method => IsVisible(method) && IsWritten(method)).Select(Method),
        ];
    }

    static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    // Accessors appear with their property; what a record gets by itself is marked as the compiler's.
    static bool IsWritten(MethodBase method) =>
        !method.IsDefined(typeof(CompilerGeneratedAttribute))
        && !(method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal));

    static string Constructor(ConstructorInfo constructor) =>
        $"{Access(constructor)}new({ApiTypeNames.ParameterList(constructor)})";

    static string Method(MethodInfo method)
    {
        string parameters = method.IsGenericMethod ? ApiTypeNames.ParametersOf(method.GetGenericArguments()) : "";
        string constraints = method.IsGenericMethod ? ApiTypeNames.ConstraintsOf(method.GetGenericArguments()) : "";
        return $"{Access(method)}{Modifiers(method)}{ApiTypeNames.Of(method.ReturnParameter)} "
            + $"{method.Name}{parameters}({ApiTypeNames.ParameterList(method)}){constraints}";
    }

    static string Property(PropertyInfo property)
    {
        MethodInfo accessor = property.GetMethod ?? property.SetMethod!;
        bool isInit = property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers()
            .Contains(typeof(IsExternalInit)) == true;
        string get = property.GetMethod is { } getter && IsVisible(getter) ? " get;" : "";
        string set = property.SetMethod is { } setter && IsVisible(setter) ? isInit ? " init;" : " set;" : "";
        string required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        return $"{Access(accessor)}{required}{Modifiers(accessor)}{ApiTypeNames.Of(property)} "
            + $"{property.Name} {{{get}{set} }}";
    }

    static string Field(FieldInfo field)
    {
        string modifier = field.IsLiteral ? "const " : field.IsStatic ? "static readonly " : "";
        string value = field.IsLiteral ? $" = {ApiTypeNames.Literal(field.GetRawConstantValue())}" : "";
        return $"{modifier}{ApiTypeNames.Of(field)} {field.Name}{value}";
    }

    static string Access(MethodBase method) => method.IsPublic ? "" : "protected ";

    static string Modifiers(MethodInfo method) => method switch
    {
        { IsStatic: true, IsAbstract: true } => "static abstract ",
        { IsStatic: true } => "static ",
        _ when method.DeclaringType!.IsInterface => "",
        { IsAbstract: true } => "abstract ",
        _ when method.GetBaseDefinition() != method => "override ",
        { IsVirtual: true, IsFinal: false } => "virtual ",
        _ => "",
    };
}
