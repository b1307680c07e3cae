using System.Diagnostics;
using VmdkFast.Tests.Support;

namespace VmdkFast.Tests.Storage;

/// <summary>A <c>qemu-io</c> that keeps an image open until disposed.</summary>
sealed class QemuHolder : IDisposable
{
    readonly Process _process;

    internal QemuHolder(string path, bool forWriting, string format = "vmdk")
    {
        string[] mode = forWriting ? [] : ["-r"];
        _process = Peer.Start("qemu-io", [.. mode, "-f", format, path]);

        // The answer to a command proves that the image is open and its locks are taken.
        _process.StandardInput.WriteLine("length");
        _process.StandardInput.Flush();
        string? answer = _process.StandardOutput.ReadLine();
        if (answer is null || !answer.Contains("MiB", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"qemu-io: {answer} {_process.StandardError.ReadToEnd()}");
        }
    }

    public void Dispose()
    {
        _process.StandardInput.WriteLine("quit");
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
