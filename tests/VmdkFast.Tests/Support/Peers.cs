using System.ComponentModel;
using System.Diagnostics;

namespace VmdkFast.Tests.Support;

/// <summary>Runs the other programs that read VMDK. One that is missing is an error, never a reason to skip.</summary>
public static class Peers
{
    /// <summary>Far above what any test image takes; only a program that hangs meets it.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(120);

    public static PeerResult Run(string program, params IEnumerable<string> arguments) =>
        RunAsync(program, arguments, CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>Runs a program to its end and captures both streams.</summary>
    /// <exception cref="InvalidOperationException">The program is not installed.</exception>
    /// <exception cref="TimeoutException">The program took longer than <see cref="Timeout"/>; it was ended.</exception>
    public static async Task<PeerResult> RunAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C";
        string commandLine = $"{program} {string.Join(' ', start.ArgumentList)}";
        using Process process = Start(start);
        process.StandardInput.Close();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Timeout);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(limit.Token);
            await Task.WhenAll(output, error, process.WaitForExitAsync(limit.Token)).ConfigureAwait(false);
            return new PeerResult(
                commandLine, process.ExitCode, await output.ConfigureAwait(false), await error.ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            throw new TimeoutException($"{commandLine} ran longer than {Timeout}.");
        }
    }

    static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException(
                $"'{start.FileName}' could not be started; eng/install-peers.sh installs what the tests need.", e);
        }
    }
}
