using Xunit;

namespace VmdkFast.Tests.Support;

/// <summary>An operation on a disk that has begun, and reads its first sector only when it is let go on.</summary>
sealed class OperationUnderWay : IDisposable
{
    readonly ManualResetEventSlim _finish = new();
    readonly Task _operation;

    /// <summary>Returns when the operation is under way.</summary>
    internal OperationUnderWay(VmdkDisk disk)
    {
        using var under = new ManualResetEventSlim();
        _operation = disk.UseAsync(
            (_, reader) =>
            {
                under.Set();
                Actor.Await(_finish);
                reader.Read(new byte[512], 0, CancellationToken.None);
                return true;
            },
            TestContext.Current.CancellationToken);
        Actor.Await(under);
    }

    /// <summary>Lets it go on, and waits for its end.</summary>
    internal Task FinishAsync()
    {
        _finish.Set();
        return _operation;
    }

    public void Dispose() => _finish.Dispose();
}
