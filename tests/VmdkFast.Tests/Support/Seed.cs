using System.Globalization;
using Xunit;

namespace VmdkFast.Tests.Support;

/// <summary>The seed of a test that draws: new each time, printed, and given again by VMDKFAST_TEST_SEED.</summary>
static class Seed
{
    internal static ulong Draw()
    {
        string? given = Environment.GetEnvironmentVariable("VMDKFAST_TEST_SEED");
        ulong seed = given is null
            ? (ulong)Random.Shared.NextInt64()
            : ulong.Parse(given, CultureInfo.InvariantCulture);
        TestContext.Current.TestOutputHelper?.WriteLine($"VMDKFAST_TEST_SEED={seed}");
        return seed;
    }
}
