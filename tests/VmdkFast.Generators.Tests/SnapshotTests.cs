using VmdkFast.Generators.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Generators.Tests;

public sealed class SnapshotTests
{
    [Fact]
    public void AHeaderOfNumbers() => Matches(nameof(AHeaderOfNumbers), Sources.Good);

    [Fact]
    public void EveryKindOfField() => Matches(
        nameof(EveryKindOfField),
        """
        using System;
        using VmdkFast.Layout;
        namespace Disks.@event;
        enum Small : sbyte { A }
        [Flags] enum Wide : ulong { None }
        /// <summary>Subject.</summary>
        [OnDisk(47, Meaning = "Quotes \" and \\ and <b>")]
        readonly ref partial struct All
        {
            [Field(0)] public partial byte B { get; }
            [Field(1)] public partial sbyte Sb { get; }
            [Field(2)] internal partial ushort U2 { get; }
            [Field(4)] private partial short S2 { get; }
            [Field(6)] public partial uint U4 { get; }
            [Field(10)] public partial int S4 { get; }
            [Field(14)] public partial ulong U8 { get; }
            [Field(22)] public partial long S8 { get; }
            [Field(30)] public partial Small Small { get; }
            [Field(31, Unit = FieldUnit.Flags, Meaning = "a < b & c > d\nnext \"line\"")]
            public partial Wide Wide { get; }
            /// <summary>Documented by hand.</summary>
            [Field(39, LengthBytes = 7)] public partial ReadOnlySpan<byte> Raw { get; }
            [Field(46)] public partial byte @class { get; }
        }
        """);

    [Fact]
    public void ANestedStructureWithTypeParameters() => Matches(
        nameof(ANestedStructureWithTypeParameters),
        """
        using VmdkFast.Layout;
        partial interface IOuter<T> where T : class
        {
            internal static partial class Middle
            {
                internal partial record struct Inner<TKey, TValue>
                {
                    [OnDisk(1)]
                    internal readonly ref partial struct Leaf<TLeaf>
                    {
                        [Field(0)] public partial byte Only { get; }
                    }
                }
            }
        }
        """);

    [Fact]
    public void NoSnapshotIsLeftOver()
    {
        string[] expected =
            [nameof(AHeaderOfNumbers), nameof(ANestedStructureWithTypeParameters), nameof(EveryKindOfField)];
        Assert.Equal(
            expected.Select(name => name + ".verified.txt"),
            Snapshot.FilesIn("tests/VmdkFast.Generators.Tests/Snapshots").Order(StringComparer.Ordinal));
    }

    static void Matches(string name, string source)
    {
        GeneratorRun run = GeneratorRun.Of(source);
        Assert.Empty(run.Result.Diagnostics);
        Assert.Empty(run.CompilerReports());
        string hintName = Assert.Single(run.Result.GeneratedSources).HintName;
        Snapshot.Matches(
            $"tests/VmdkFast.Generators.Tests/Snapshots/{name}.verified.txt", $"// {hintName}\n{run.OnlySource()}");
    }
}
