using CsCheck;
using VmdkFast.Checking;
using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>A file as a plan would leave it, against an array of bytes to which the changes were made.</summary>
public sealed class PlannedFileTests : IDisposable
{
    const int LengthBytes = 20_000;
    const int MaxChangeBytes = 9000;

    static readonly Gen<Change> s_change = Gen.Select(
        Gen.Enum<ChangePhase>(), Gen.Bool, Gen.Int[0, LengthBytes], Gen.Int[1, MaxChangeBytes], Gen.Int[0, LengthBytes],
        static (phase, copies, offset, length, source) => new Change(phase, copies, offset, length, source));

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void APlannedFileReadsAsTheFileDoesAfterTheChanges()
    {
        string path = _folder["file"];
        byte[] before = new byte[LengthBytes];
        new Random(1).NextBytes(before);
        File.WriteAllBytes(path, before);
        using LocalFile local = LocalFile.Open(path, FileAccessMode.Read);
        var file = new CheckedFile(local);
        Gen.Select(s_change.Array[0, 12], Gen.Select(Gen.Int[0, 40_000], Gen.Int[0, 10_000]).Array[1, 20]).Sample(
            (changes, reads) =>
            {
                List<byte> model = [.. before];
                PlannedChange[] plan = Plan(file, changes, model);
                using var planned = new PlannedFile(local, plan);
                Assert.Equal(model.Count, planned.LengthBytes);
                Assert.Equal([.. model], Read(planned, 0, model.Count + 100));
                foreach ((int offset, int length) in reads)
                {
                    int wanted = Math.Clamp(model.Count - offset, 0, length);
                    Assert.Equal(
                        model.Skip(offset).Take(wanted), Read(planned, offset, length));
                    ByteRange data = planned.NextData(offset);
                    int hole = (int)Math.Min(data.StartBytes, model.Count) - offset;
                    Assert.True(hole <= 0 || model.Skip(offset).Take(hole).All(static value => value == 0));
                }
            },
            iter: 100);
    }

    static byte[] Read(PlannedFile file, int offset, int length)
    {
        byte[] bytes = new byte[length];
        return bytes[..file.Read(bytes, offset)];
    }

    // In the order of the phases; what is appended follows the end, the rest lies within, as in every plan.
    static PlannedChange[] Plan(CheckedFile file, Change[] changes, List<byte> model)
    {
        var plan = new List<PlannedChange>();
        int kept = model.Count;
        foreach (Change change in changes.OrderBy(static change => change.Phase))
        {
            if (change.Phase == ChangePhase.Cut && plan.Count == 0)
            {
                kept = change.OffsetBytes;
                plan.Add(new PlannedChange(file, change.Phase, kept, model.Count - kept, "") { Cuts = true });
                model.RemoveRange(kept, model.Count - kept);
            }
            else if (change.Phase == ChangePhase.Append)
            {
                plan.Add(Append(file, change, kept, model));
            }
            else if (change.Phase is ChangePhase.Write or ChangePhase.Free)
            {
                int offset = Math.Min(change.OffsetBytes, model.Count);
                int length = Math.Min(change.LengthBytes, model.Count - offset);
                byte[] bytes = change.Phase == ChangePhase.Free ? new byte[length] : change.Bytes[..length];
                plan.Add(new PlannedChange(file, change.Phase, offset, length, "")
                {
                    Bytes = change.Phase == ChangePhase.Free ? null : bytes,
                });
                for (int i = 0; i < length; i++)
                {
                    model[offset + i] = bytes[i];
                }
            }
        }

        return [.. plan];
    }

    // A copy is of what is kept; behind that it reads as zeros.
    static PlannedChange Append(CheckedFile file, Change change, int kept, List<byte> model)
    {
        var appended = new PlannedChange(file, ChangePhase.Append, model.Count, change.LengthBytes, "")
        {
            Bytes = change.Copies ? null : change.Bytes,
            SourceOffsetBytes = change.SourceBytes,
        };
        byte[] source = [.. model.Take(kept)];
        model.AddRange(change.Copies
            ? Enumerable.Range(change.SourceBytes, change.LengthBytes).Select(at => at < kept ? source[at] : (byte)0)
            : change.Bytes);
        return appended;
    }

    sealed record Change(ChangePhase Phase, bool Copies, int OffsetBytes, int LengthBytes, int SourceBytes)
    {
        internal byte[] Bytes { get; } = MakeBytes(OffsetBytes, LengthBytes);

        static byte[] MakeBytes(int seed, int length)
        {
            byte[] bytes = new byte[length];
            new Random(seed).NextBytes(bytes);
            return bytes;
        }
    }
}
