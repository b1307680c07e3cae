using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.House;

/// <summary>Keeps README.md true: its program is one that is built and run, its numbers are those measured.</summary>
public sealed partial class ReadmeTests
{
    const string Readme = "README.md";
    const string Program = "samples/ReadSectors/Program.cs";
    const string Numbers = "bench/results/summary.md";
    const int MaxLines = 250;
    const string Usings =
        "global using System; global using System.IO; global using VmdkFast; global using VmdkFast.Layout;";

    [Fact]
    public void TheProgramIsTheSample()
    {
        string readme = RepositoryFiles.Read(Readme);
        Assert.Matches(FirstProgram, readme);
        Snapshot.Matches(
            Readme, FirstProgram.Replace(readme, _ => $"```csharp\n{RepositoryFiles.Read(Program)}```", count: 1));
    }

    [Fact]
    public async Task TheProgramRuns()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        Sample sample = Samples.Find("vmdk-forensic/compressed_stream_opt.vmdk");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "ReadSectors.dll"));
        start.ArgumentList.Add(sample.FullPath);
        using Process program = Process.Start(start)!;
        string output = await program.StandardOutput.ReadToEndAsync(cancellationToken);
        await program.WaitForExitAsync(cancellationToken);
        Assert.Equal(0, program.ExitCode);

        string[] lines = output.TrimEnd('\n').Split('\n');
        Assert.Equal("StreamOptimized, 65536 bytes, images in its chain: 1", lines[0]);
        using VmdkDisk disk = VmdkDisk.Open(sample.FullPath);
        byte[] start16 = new byte[16];
        disk.Read(start16, 0);
        Assert.Equal(Convert.ToHexString(start16), lines[1]);
        VmdkRunKind[] kinds = [.. disk.Map(cancellationToken).Select(run => run.Kind)];
        Assert.Equal(kinds.Select(kind => $"{kind}"), lines[2..].Select(line => line.Split(' ')[^1]));
    }

    [Fact]
    public void EveryProgramCompiles()
    {
        Match[] programs = AnyProgram.Matches(RepositoryFiles.Read(Readme)).ToArray();
        Assert.Equal(3, programs.Length);
        Assert.All(programs, program => Assert.Empty(Faults(program.Groups["code"].Value)));
        Assert.NotEmpty(Faults("VmdkDisk disk = VmdkDisk.OpenSomehow();"));
    }

    [Fact]
    public void TheNumbersAreThoseThatWereMeasured()
    {
        string readme = RepositoryFiles.Read(Readme);
        Match section = NumbersSection.Match(readme);
        Assert.True(section.Success, $"{Readme} has lost its marked section of numbers.");
        if (!File.Exists(Repo.PathOf(Numbers)))
        {
            // Nothing was measured, so nothing may be claimed.
            Assert.DoesNotMatch("[0-9]", section.Groups["content"].Value);
            return;
        }

        string measured = RepositoryFiles.Read(Numbers).Trim('\n');
        Snapshot.Matches(
            Readme, NumbersSection.Replace(readme, _ => $"<!-- numbers -->\n{measured}\n<!-- end of numbers -->"));
    }

    [Fact]
    public void ItIsShortEnoughToBeRead() =>
        Assert.InRange(RepositoryFiles.Read(Readme).AsSpan().Count('\n'), 100, MaxLines);

    static IEnumerable<string> Faults(string code)
    {
        // The generator implements partial properties; without it they are the one thing that is missing.
        const string NotImplemented = "CS9248";
        bool declares = code.Contains("partial struct", StringComparison.Ordinal);
        string rest = declares ? "" : "static void Show(VmdkProgress progress) { }";
        string trusted = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        return CSharpCompilation.Create(
                "Readme",
                [CSharpSyntaxTree.ParseText(Usings), CSharpSyntaxTree.ParseText($"{code}\n{rest}")],
                trusted.Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path)),
                new CSharpCompilationOptions(
                    declares ? OutputKind.DynamicallyLinkedLibrary : OutputKind.ConsoleApplication))
            .GetDiagnostics()
            .Where(fault => fault.Severity == DiagnosticSeverity.Error && fault.Id != NotImplemented)
            .Select(fault => fault.ToString());
    }

    [GeneratedRegex("```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    static partial Regex AnyProgram { get; }

    [GeneratedRegex("```csharp\n.*?```", RegexOptions.Singleline)]
    static partial Regex FirstProgram { get; }

    [GeneratedRegex("<!-- numbers -->\n(?<content>.*?)<!-- end of numbers -->", RegexOptions.Singleline)]
    static partial Regex NumbersSection { get; }
}
