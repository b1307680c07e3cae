using VmdkFast.Storage;
using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.Writing;

/// <summary>Writes down in which order files are written and made durable.</summary>
sealed class CallLog(ImageFile inner, List<string> calls) : WrappingFile(inner)
{
    internal override void Write(ReadOnlySpan<byte> source, long offsetBytes)
    {
        Note("write");
        base.Write(source, offsetBytes);
    }

    internal override void Barrier()
    {
        Note("barrier");
        base.Barrier();
    }

    void Note(string call)
    {
        lock (calls)
        {
            calls.Add($"{call} {System.IO.Path.GetFileName(Path)}");
        }
    }
}
