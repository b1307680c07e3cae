using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using VmdkFast.Format;
using VmdkFast.Layout;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Format;

/// <summary>Keeps the tables in docs/format.md equal to the structures that the library reads with.</summary>
public sealed partial class FormatDocumentTests
{
    const string DocumentPath = "docs/format.md";

    static readonly Dictionary<string, string> s_tables = new(StringComparer.Ordinal)
    {
        [nameof(SparseHeader)] = Table<SparseHeader>(),
        [nameof(GrainMarker)] = Table<GrainMarker>(),
        [nameof(MetadataMarker)] = Table<MetadataMarker>(),
        [nameof(CowdHeader)] = Table<CowdHeader>(),
        [nameof(CowdRootGeometry)] = Table<CowdRootGeometry>(),
        [nameof(SeSparseHeader)] = Table<SeSparseHeader>(),
        [nameof(SeSparseVolatileHeader)] = Table<SeSparseVolatileHeader>(),
        [nameof(ChangeTrackingHeader)] = Table<ChangeTrackingHeader>(),
        [nameof(UndoHeader)] = Table<UndoHeader>(),
        [nameof(UndoSeal)] = Table<UndoSeal>(),
        [nameof(UndoRecord)] = Table<UndoRecord>(),
    };

    [Fact]
    public void TheTablesAreThoseOfTheStructures()
    {
        string document = File.ReadAllText(Path.Combine(Snapshot.RepositoryRoot, DocumentPath));
        var seen = new List<string>();
        string actual = TableBlock.Replace(document, block =>
        {
            string name = block.Groups["name"].Value;
            seen.Add(name);
            Assert.True(s_tables.ContainsKey(name), $"{DocumentPath} asks for a table of {name}, which is unknown.");
            return $"<!-- table {name} -->\n{s_tables[name]}<!-- end -->";
        });
        Assert.Equal(s_tables.Keys.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        Snapshot.Matches(DocumentPath, actual);
    }

    [Fact]
    public void EveryStructureOfTheLibraryHasATable()
    {
        string[] structures = [.. typeof(SparseHeader).Assembly.GetTypes()
            .Where(type => type.GetInterfaces().Any(IsOnDisk))
            .Select(type => type.Name)
            .Order(StringComparer.Ordinal)];
        Assert.Equal(structures, s_tables.Keys.Order(StringComparer.Ordinal));
    }

    static bool IsOnDisk(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IOnDisk<>);

    static string Table<T>()
        where T : IOnDisk<T>, allows ref struct
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{T.Meaning} {T.SizeBytes} bytes.\n\n");
        text.Append("| offset | size | type | name | unit | meaning |\n|---:|---:|---|---|---|---|\n");
        int covered = 0;
        void Reserve(int offsetBytes)
        {
            if (offsetBytes > covered)
            {
                text.Append(
                    CultureInfo.InvariantCulture, $"| {covered} | {offsetBytes - covered} | | | | Reserved. |\n");
            }
        }

        foreach (LayoutField field in T.Fields)
        {
            Reserve(field.OffsetBytes);
            covered = field.OffsetBytes + field.SizeBytes;
            string unit = field.Unit == FieldUnit.None ? "" : field.Unit.ToString().ToLowerInvariant() + " ";
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {field.OffsetBytes} | {field.SizeBytes} | `{field.TypeName}` | `{field.Name}` | {unit}"
                + $"| {field.Meaning} |\n");
        }

        Reserve(T.SizeBytes);
        return text.ToString();
    }

    [GeneratedRegex("<!-- table (?<name>\\w+) -->\n.*?<!-- end -->", RegexOptions.Singleline)]
    static partial Regex TableBlock { get; }
}
