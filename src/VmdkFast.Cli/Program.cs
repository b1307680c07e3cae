using System.Runtime.InteropServices;

namespace VmdkFast.Cli;

static class Program
{
    static async Task<int> Main(string[] arguments)
    {
        using var cancellation = new CancellationTokenSource();

        // The first signal asks politely, so that a half-written target can be removed; a second one ends the process.
        void Cancel(PosixSignalContext signal)
        {
            signal.Cancel = !cancellation.IsCancellationRequested;
            cancellation.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Cancel);
        using Stream output = OperatingSystem.IsWindows() ? Console.OpenStandardOutput() : new StandardOutputStream();
        using Stream input = Console.OpenStandardInput();
        var streams = new StandardStreams(output, Console.Error, !Console.IsErrorRedirected) { Input = input };
        return await CommandLine.RunAsync(arguments, streams, cancellation.Token).ConfigureAwait(false);
    }
}
