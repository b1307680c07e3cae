using System.Globalization;
using Microsoft.CodeAnalysis;
using VmdkFast.Generators.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Generators.Tests;

/// <summary>One case at least for every id; brackets <c>⟦⟧</c> mark the text that is reported.</summary>
public sealed class DiagnosticTests
{
    const string Using = "using VmdkFast.Layout;\n";
    const string Start = "readonly ref partial struct S { ";
    const string Byte = "[Field(0)] public partial byte B { get; } ";

    /// <summary>Id, message, source.</summary>
    public static TheoryData<string, string, string> Cases => new()
    {
        {
            "VMF0001", "'S' must be declared as a 'readonly ref partial struct' that is not local to a file",
            "[OnDisk(1)] ref partial struct ⟦S⟧ { " + Byte + "}"
        },
        {
            "VMF0001", "'S' must be declared as a 'readonly ref partial struct' that is not local to a file",
            "[OnDisk(1)] readonly partial struct ⟦S⟧ { " + Byte + "}"
        },
        {
            "VMF0001", "'S' must be declared as a 'readonly ref partial struct' that is not local to a file",
            "[OnDisk(1)] readonly partial record struct ⟦S⟧ { " + Byte + "}"
        },
        {
            "VMF0001", "'S' must be declared as a 'readonly ref partial struct' that is not local to a file",
            "[OnDisk(1)] readonly ref struct ⟦S⟧ { }"
        },
        {
            "VMF0001", "'S' must be declared as a 'readonly ref partial struct' that is not local to a file",
            "[OnDisk(1)] file " + Start.Replace("S", "⟦S⟧") + Byte + "}"
        },
        {
            "VMF0002", "'Outer' contains the on-disk structure 'S' and must be partial",
            "class ⟦Outer⟧ { [OnDisk(1)] " + Start + Byte + "} }"
        },
        { "VMF0003", "The size of 'S' is 0; it must be at least 1", "[OnDisk(0)] readonly ref partial struct ⟦S⟧;" },
        { "VMF0003", "The size of 'S' is -1; it must be at least 1", "[OnDisk(-1)] readonly ref partial struct ⟦S⟧;" },
        {
            "VMF0004", "'U' covers bytes 2 to 5, but 'S' has bytes 0 to 4",
            "[OnDisk(5)] " + Start + Byte + "[Field(2)] public partial uint ⟦U⟧ { get; } }"
        },
        {
            "VMF0004", "'U' covers bytes -1 to 2, but 'S' has bytes 0 to 4",
            "[OnDisk(5)] " + Start + Byte + "[Field(-1)] public partial uint ⟦U⟧ { get; } }"
        },
        {
            "VMF0004", "'U' covers bytes 2147483647 to 2147483650, but 'S' has bytes 0 to 4",
            "[OnDisk(5)] " + Start + Byte + "[Field(int.MaxValue)] public partial uint ⟦U⟧ { get; } }"
        },
        {
            "VMF0004", "'Reserved' covers bytes 1 to 2147483647, but 'S' has bytes 0 to 4",
            "[OnDisk(5)] [⟦Reserved(1, int.MaxValue)⟧] " + Start + Byte + "}"
        },
        {
            "VMF0005", "'U' starts at byte 3, but 'V' reaches to byte 3",
            "[OnDisk(7)] " + Start
                + "[Field(3)] public partial uint ⟦U⟧ { get; } [Field(0)] public partial uint V { get; } }"
        },
        {
            "VMF0005", "'B' starts at byte 0, but 'A' reaches to byte 0",
            "[OnDisk(1)] " + Start
                + "[Field(0)] public partial byte ⟦B⟧ { get; } [Field(0)] public partial byte A { get; } }"
        },
        {
            "VMF0005", "'Reserved' starts at byte 0, but 'B' reaches to byte 0",
            "[OnDisk(2)] [⟦Reserved(0, 2)⟧] " + Start + Byte + "}"
        },
        {
            "VMF0006", "Bytes 1 to 3 of 'S' belong to no field; declare them with [Reserved(1, 3)]",
            "[OnDisk(4)] " + Start.Replace("S", "⟦S⟧") + Byte + "}"
        },
        {
            "VMF0006", "Bytes 0 to 1 of 'S' belong to no field; declare them with [Reserved(0, 2)]",
            "[OnDisk(3)] " + Start.Replace("S", "⟦S⟧") + "[Field(2)] public partial byte B { get; } }"
        },
        {
            "VMF0007",
            "'F' has type 'float'; a field is an integer of 1 to 8 bytes, an enum, or a ReadOnlySpan<byte>",
            "[OnDisk(4)] " + Start + "[Field(0)] public partial float ⟦F⟧ { get; } }"
        },
        {
            "VMF0007",
            "'F' has type 'System.ReadOnlySpan<char>'; "
                + "a field is an integer of 1 to 8 bytes, an enum, or a ReadOnlySpan<byte>",
            "[OnDisk(4)] " + Start
                + "[Field(0, LengthBytes = 4)] public partial System.ReadOnlySpan<char> ⟦F⟧ { get; } }"
        },
        {
            "VMF0008",
            "'F' has type 'System.ReadOnlySpan<byte>' and LengthBytes = 0; "
                + "a ReadOnlySpan<byte> needs at least 1, any other type none",
            "[OnDisk(4)] " + Start + "[Field(0)] public partial System.ReadOnlySpan<byte> ⟦F⟧ { get; } }"
        },
        {
            "VMF0008",
            "'F' has type 'uint' and LengthBytes = 4; a ReadOnlySpan<byte> needs at least 1, any other type none",
            "[OnDisk(4)] " + Start + "[Field(0, LengthBytes = 4)] public partial uint ⟦F⟧ { get; } }"
        },
        {
            "VMF0009", "'F' must be declared as a partial instance property '{ get; }'",
            "[OnDisk(4)] " + Start + "[Field(0)] public uint ⟦F⟧ => 0; }"
        },
        {
            "VMF0009", "'F' must be declared as a partial instance property '{ get; }'",
            "[OnDisk(4)] " + Start + "[Field(0)] public static partial uint ⟦F⟧ { get; } }"
        },
        {
            "VMF0009", "'F' must be declared as a partial instance property '{ get; }'",
            "[OnDisk(4)] " + Start + "[Field(0)] public partial uint ⟦F⟧ { get; set; } }"
        },
        {
            "VMF0009", "'F' must be declared as a partial instance property '{ get; }'",
            "[OnDisk(4)] " + Start
                + "[Field(0)] public partial uint ⟦F⟧ { get; } public partial uint F { get => 1; } }"
        },
        {
            "VMF0010", "'SizeBytes' is the name of a member that the generator adds to 'S'; choose another",
            "[OnDisk(4)] " + Start + "[Field(0)] public partial uint ⟦SizeBytes⟧ { get; } }"
        },
        {
            "VMF0011", "The reserved range at byte 1 of 'S' has length 0; it must be at least 1",
            "[OnDisk(1)] [⟦Reserved(1, 0)⟧] " + Start + Byte + "}"
        },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void EachFaultIsReportedOnceAtItsPlace(string id, string message, string marked)
    {
        string source = Using + marked;
        int start = source.IndexOf('⟦', StringComparison.Ordinal);
        int length = source.IndexOf('⟧', StringComparison.Ordinal) - start - 1;
        GeneratorRun run = GeneratorRun.Of(source.Replace("⟦", "").Replace("⟧", ""));

        Diagnostic report = Assert.Single(run.Result.Diagnostics);
        Assert.Equal(id, report.Id);
        Assert.Equal(message, report.GetMessage(CultureInfo.InvariantCulture));
        Assert.Equal(DiagnosticSeverity.Error, report.Severity);
        Assert.Equal(start, report.Location.SourceSpan.Start);
        Assert.Equal(length, report.Location.SourceSpan.Length);
        Assert.Equal("File0.cs", report.Location.GetLineSpan().Path);
    }

    [Fact]
    public void AWrongRangeLeavesNoCompilerErrorBesideTheReport() =>
        Assert.Empty(GeneratorRun.Of(Sources.Overlapping).CompilerReports());

    [Theory]
    [InlineData("[OnDisk] readonly ref partial struct S;")]
    [InlineData("[OnDisk(\"x\")] readonly ref partial struct S;")]
    [InlineData("[OnDisk(1)] [Reserved(0)] readonly ref partial struct S { [Field] public partial byte B { get; } }")]
    public void HalfTypedAttributesDoNotStopTheGenerator(string source) =>
        Assert.NotEmpty(GeneratorRun.Of(Using + source).CompilerReports());

    [Fact]
    public void EveryIdHasACaseAPageAndALedgerLine()
    {
        string ledger = File.ReadAllText(Path.Combine(
            Snapshot.RepositoryRoot, "generators/VmdkFast.Generators/AnalyzerReleases.Unshipped.md"));
        string[] pages = Snapshot.FilesIn("docs/diagnostics");
        string[] cases = [.. Cases.Select(row => row.Data.Item1).Distinct().Order(StringComparer.Ordinal)];
        string[] ids = [.. Diagnostics.All.Select(descriptor => descriptor.Id).Order(StringComparer.Ordinal)];

        Assert.Equal(ids, cases);
        Assert.Equal(ids.Select(id => id + ".md"), pages.Order(StringComparer.Ordinal));
        foreach (DiagnosticDescriptor descriptor in Diagnostics.All)
        {
            string title = descriptor.Title.ToString(CultureInfo.InvariantCulture);
            string line = $"{descriptor.Id} | {descriptor.Category} | Error | {title}\n";
            Assert.Contains(line, ledger, StringComparison.Ordinal);
            Assert.EndsWith($"docs/diagnostics/{descriptor.Id}.md", descriptor.HelpLinkUri, StringComparison.Ordinal);
            string page = File.ReadAllText(
                Path.Combine(Snapshot.RepositoryRoot, "docs/diagnostics", descriptor.Id + ".md"));
            Assert.StartsWith($"# {descriptor.Id}: {title}\n", page, StringComparison.Ordinal);
        }
    }
}
