using System.Runtime.InteropServices;

namespace VmdkFast.Cli;

static class Program
{
    static async Task<int> Main(string[] arguments)
    {
        using var cancellation = new CancellationTokenSource();

        // The first signal asks politely, so that a half-written target can be removed; a second one ends the process,
        // unless it comes so soon that it is the same wish: timeout(1) and a shell's kill of a job send two at once.
        const int SameWishMilliseconds = 1000;
        long firstAt = long.MaxValue;
        void Cancel(PosixSignalContext signal)
        {
            long now = Environment.TickCount64;
            long before = Interlocked.CompareExchange(ref firstAt, now, long.MaxValue);
            signal.Cancel = before == long.MaxValue || now - before < SameWishMilliseconds;
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
