using System.Runtime.CompilerServices;
using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Checking;

/// <summary>Repairs in tests.</summary>
static class Repaired
{
    static int s_number;

    /// <summary>Carries a repair out, with a journal of its own beside the image.</summary>
    internal static VmdkRepairResult Apply(string path, VmdkRepairOptions? options = null) => VmdkImage.RepairAsync(
        path,
        (options ?? new VmdkRepairOptions()) with
        {
            Apply = true,
            JournalPath = $"{path}.undo{Interlocked.Increment(ref s_number)}",
        },
        null, TestContext.Current.CancellationToken).GetAwaiter().GetResult();

    /// <summary>Makes the plan only.</summary>
    internal static VmdkRepairResult Plan(string path) =>
        VmdkImage.RepairAsync(path, null, null, TestContext.Current.CancellationToken).GetAwaiter().GetResult();

    /// <summary>The whole disk.</summary>
    internal static byte[] ReadAll(string path)
    {
        using var disk = VmdkDisk.Open(path);
        byte[] bytes = new byte[disk.Length];
        Assert.Equal(bytes.Length, disk.Read(bytes, 0));
        return bytes;
    }

    /// <summary>Takes a repair back.</summary>
    internal static IReadOnlyList<string> Undo(string journal) =>
        VmdkImage.UndoRepairAsync(journal, TestContext.Current.CancellationToken).GetAwaiter().GetResult();
}

/// <summary>A file whose device is lost after a number of changes; the one under way is half done.</summary>
sealed class CutFile(ImageFile inner, StrongBox<int> left) : WrappingFile(inner)
{
    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes)
    {
        if (left.Value == 0)
        {
            base.Write(source[..(source.Length / 2)], offsetBytes);
        }

        Count();
        base.Write(source, offsetBytes);
    }

    internal override void Truncate(long lengthBytes)
    {
        Count();
        base.Truncate(lengthBytes);
    }

    internal override void PunchHole(long offsetBytes, long lengthBytes)
    {
        Count();
        base.PunchHole(offsetBytes, lengthBytes);
    }

    internal override void Barrier()
    {
        Count();
        base.Barrier();
    }

    void Count()
    {
        if (left.Value-- <= 0)
        {
            throw new VmdkException(VmdkErrorCode.InputOutput, Path, "the power is gone");
        }
    }
}
