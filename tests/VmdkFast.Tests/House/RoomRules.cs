using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace VmdkFast.Tests.House;

/// <summary>Which room of the library may name the types of which: only lower ones, never a neighbour.</summary>
/// <remarks>
/// <c>using</c> lines alone say too little: code in <c>VmdkFast.Format</c> sees everything in <c>VmdkFast</c> without
/// one. So every identifier is compared with the names of the types that higher rooms declare.
/// </remarks>
static class RoomRules
{
    const string Library = "src/VmdkFast/";

    /// <summary>From the ground up. Rooms of one floor do not know each other; the root sees all.</summary>
    internal static readonly string[][] Floors =
    [
        ["Layout", "Terms"],
        ["Format", "Storage", "Caching", "Compression"],
        ["Extents"],
        ["Opening", "Reading"],
        ["Writing"],
        ["Creating", "Inspecting"],
        ["Streaming"],
        ["Checking"],
        [""],
    ];

    /// <summary>The room of a file of the library; empty for the root.</summary>
    internal static string RoomOf(string relativePath)
    {
        string inside = relativePath[Library.Length..];
        int slash = inside.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? "" : inside[..slash];
    }

    internal static bool IsOfLibrary(string relativePath) =>
        relativePath.StartsWith(Library, StringComparison.Ordinal)
        && relativePath.EndsWith(".cs", StringComparison.Ordinal);

    /// <summary>Every place where a room names what it must not know.</summary>
    internal static IEnumerable<string> Faults(IReadOnlyCollection<SourceFile> files)
    {
        // A name that two rooms declare is taken for the lower one's: a syntax tree cannot tell them apart.
        Dictionary<string, string> roomByType = files
            .SelectMany(file => file.OuterTypeNames.Select(name => (name, room: RoomOf(file.RelativePath))))
            .GroupBy(type => type.name, type => type.room)
            .ToDictionary(type => type.Key, type => type.MinBy(FloorOf)!);
        foreach (SourceFile file in files)
        {
            string room = RoomOf(file.RelativePath);
            foreach (SimpleNameSyntax use in file.Root.DescendantNodes().OfType<SimpleNameSyntax>())
            {
                string name = use.Identifier.Text;
                if (IsMember(use))
                {
                    continue;
                }

                string? other = roomByType.TryGetValue(name, out string? declared) ? declared
                    : IsInNamespaceName(use) && IsRoom(name) ? name
                    : null;
                if (other is not null && !MayName(room, other))
                {
                    string owner = other.Length == 0 ? "the root" : other;
                    yield return $"{file.PlaceOf(use)}: {room} names {name} of {owner}";
                }
            }
        }
    }

    internal static bool IsRoom(string name) => Floors.Any(floor => floor.Contains(name));

    static bool MayName(string room, string other) => room == other || FloorOf(other) < FloorOf(room);

    static int FloorOf(string room)
    {
        int floor = Array.FindIndex(Floors, rooms => rooms.Contains(room));
        return floor >= 0
            ? floor
            : throw new InvalidOperationException($"src/VmdkFast/{room} has no floor in {nameof(RoomRules)}.");
    }

    // What follows a dot is a member of something that was judged already, unless it is a part of a type's full name;
    // then the part before it is a room, and that is judged too.
    static bool IsMember(SimpleNameSyntax use) => use.Parent switch
    {
        MemberAccessExpressionSyntax access => access.Name == use && !IsRoomName(access.Expression),
        MemberBindingExpressionSyntax => true,
        NameColonSyntax or NameEqualsSyntax => true,
        AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax } assignment => assignment.Left == use,
        _ => false,
    };

    static bool IsRoomName(ExpressionSyntax expression) => expression switch
    {
        IdentifierNameSyntax name => IsRoom(name.Identifier.Text),
        MemberAccessExpressionSyntax access => IsRoom(access.Name.Identifier.Text),
        _ => false,
    };

    static bool IsInNamespaceName(SimpleNameSyntax use) =>
        use.Parent is QualifiedNameSyntax && use.Ancestors().Any(node => node is UsingDirectiveSyntax);
}
