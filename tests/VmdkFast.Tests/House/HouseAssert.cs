using Xunit;

namespace VmdkFast.Tests.House;

static class HouseAssert
{
    /// <summary>Fails with every line there is: whoever broke a rule wants to see all places at once.</summary>
    internal static void None(IEnumerable<string> faults)
    {
        string[] all = [.. faults];
        Assert.True(all.Length == 0, $"{all.Length} faults:\n{string.Join('\n', all)}");
    }
}
