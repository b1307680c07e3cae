using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.House;

/// <summary>Keeps the public API from changing unseen: every change of it is a change of api.txt.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void ThePublicApiIsTheRecordedOne() =>
        Snapshot.Matches("tests/VmdkFast.Tests/House/api.txt", ApiText.Of(typeof(VmdkDisk).Assembly));

    [Theory]
    [InlineData("sealed class VmdkFast.VmdkDisk : IAsyncDisposable, IDisposable")]
    [InlineData("    static VmdkDisk Open(string path, VmdkOpenOptions? options = null)")]
    [InlineData("readonly record struct VmdkFast.VmdkRun")]
    [InlineData("    string? Path { get; init; }")]
    [InlineData("    required IReadOnlyList<VmdkExtentInfo> Extents { get; init; }")]
    [InlineData("    int Read(Span<byte> buffer, long offsetBytes)")]
    [InlineData("    static VmdkReferencePolicy Below(params IEnumerable<string> folders)")]
    public void TheTextTellsWhatCallersDependOn(string line) =>
        Assert.Contains(line, ApiText.Of(typeof(VmdkDisk).Assembly).Split('\n'));
}
