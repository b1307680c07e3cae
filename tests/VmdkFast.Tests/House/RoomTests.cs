using Xunit;

namespace VmdkFast.Tests.House;

/// <summary>Keeps the arrows between the library's rooms pointing down.</summary>
public sealed class RoomTests
{
    const string Extent = "namespace VmdkFast.Extents; sealed class SparseExtent { internal void Map() { } }";

    [Fact]
    public void ALowerRoomNamesNoTypeOfAHigherOne() =>
        HouseAssert.None(
            RoomRules.Faults([.. RepositoryFiles.All.Where(RoomRules.IsOfLibrary).Select(SourceFile.Load)]));

    [Fact]
    public void EveryFolderOfTheLibraryIsARoom()
    {
        string[] folders = [.. RepositoryFiles.All.Where(RoomRules.IsOfLibrary).Select(RoomRules.RoomOf).Distinct()];
        Assert.Contains("Extents", folders);
        Assert.DoesNotContain(folders, folder => !RoomRules.IsRoom(folder));
    }

    [Theory]
    [InlineData("Storage", "sealed class File { SparseExtent? _extent; }", 1)]
    [InlineData("Storage", "sealed class File { void M() => new SparseExtent().Map(); }", 1)]
    [InlineData("Caching", "sealed class Cache { System.Type T => typeof(VmdkFast.Extents.SparseExtent); }", 1)]
    [InlineData("Compression", "sealed class Codec { System.Collections.Generic.List<SparseExtent> L = []; }", 1)]
    [InlineData("Format", "using VmdkFast.Extents; sealed class Header;", 1)]
    [InlineData("Format", "sealed class Header { object O => Extents.SparseExtent.Empty; }", 1)]
    [InlineData("Format", "sealed class Header { object O => LineKind.SparseExtent; }", 0)]
    [InlineData("Format", "sealed class Header { /* SparseExtent */ string s = \"SparseExtent\"; }", 0)]
    [InlineData("Format", "/// <summary>A <see cref=\"SparseExtent\"/>.</summary>\nsealed class Header;", 0)]
    [InlineData("Reading", "sealed class Reader { SparseExtent? _extent; }", 0)]
    public void TheRuleFindsWhatItIsFor(string room, string text, int faults)
    {
        SourceFile[] files =
        [
            SourceFile.Of("src/VmdkFast/Extents/SparseExtent.cs", Extent),
            SourceFile.Of($"src/VmdkFast/{room}/Fixture.cs", text),
        ];
        Assert.Equal(faults, RoomRules.Faults(files).Count());
    }

    [Fact]
    public void NeighboursDoNotKnowEachOther()
    {
        SourceFile[] files =
        [
            SourceFile.Of("src/VmdkFast/Storage/LocalFile.cs", "sealed class LocalFile;"),
            SourceFile.Of("src/VmdkFast/Caching/Table.cs", "sealed class Table(LocalFile file);"),
        ];
        string fault = Assert.Single(RoomRules.Faults(files));
        Assert.StartsWith("src/VmdkFast/Caching/Table.cs:1: Caching names LocalFile of Storage", fault);
    }

    [Fact]
    public void OnlyStorageTouchesAFileHandle()
    {
        string[] rooms = [.. RepositoryFiles.All
            .Where(RoomRules.IsOfLibrary)
            .Where(path => SourceFile.Load(path).Root.DescendantTokens()
                .Any(token => token.Text is "SafeFileHandle" or "RandomAccess" or "FileStream"))
            .Select(RoomRules.RoomOf).Distinct()];
        Assert.Equal(["Storage"], rooms);
    }
}
