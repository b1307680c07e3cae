using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>Random operations on every writable kind of image, against an array of bytes.</summary>
public sealed class ModelTests
{
    // Over all kinds and both budgets some 160,000.
    const int Operations = 3000;

    public static TheoryData<WritableKind> Kinds => WritableKinds.All;

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task AWrittenDiskIsWhatTheModelSays(WritableKind kind) => RunAsync(kind, Writable.Options);

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task AWrittenDiskWhoseTablesMustLeaveIsWhatTheModelSays(WritableKind kind) =>
        RunAsync(kind, Writable.Smallest);

    static async Task RunAsync(WritableKind kind, VmdkOpenOptions options)
    {
        ulong seed = Seed.Draw();
        using var folder = new TempFolder();
        (string path, GuestContent content) = WritableKinds.Write(kind, folder.Path, seed: 1);
        using var model = new DiskModel(path, content, seed, options);
        await model.RunAsync(Operations);
    }
}
