using VmdkFast.Streaming;
using Xunit;

namespace VmdkFast.Tests.Streaming;

public sealed class RateLimitTests
{
    [Fact]
    public void TheFirstBytesPassAndLaterOnesWaitForThoseBefore()
    {
        var clock = new Clock();
        RateLimit limit = clock.Limit(1000);
        limit.Take(500, CancellationToken.None);
        Assert.Equal(0, clock.Now.TotalSeconds);
        limit.Take(250, CancellationToken.None);
        Assert.Equal(0.5, clock.Now.TotalSeconds, 6);
        limit.Take(1, CancellationToken.None);
        Assert.Equal(0.75, clock.Now.TotalSeconds, 6);
    }

    [Fact]
    public void TimeWithoutReadingIsNotSavedUp()
    {
        var clock = new Clock();
        RateLimit limit = clock.Limit(1000);
        clock.Now = TimeSpan.FromSeconds(100);
        limit.Take(1000, CancellationToken.None);
        limit.Take(1000, CancellationToken.None);
        Assert.Equal(101, clock.Now.TotalSeconds, 6);
    }

    [Fact]
    public void AWaitEndsWithTheWork()
    {
        var limit = new RateLimit(1);
        using var cancelled = new CancellationTokenSource();
        limit.Take(1_000_000, cancelled.Token);
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => limit.Take(1, cancelled.Token));
    }

    sealed class Clock
    {
        internal TimeSpan Now { get; set; }

        internal RateLimit Limit(long bytesPerSecond) =>
            new(bytesPerSecond, () => Now, (pause, _) => Now += pause);
    }
}
