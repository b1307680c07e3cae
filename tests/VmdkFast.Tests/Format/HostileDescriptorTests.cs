using System.Diagnostics;
using System.Text;
using CsCheck;
using VmdkFast.Format;
using Xunit;

namespace VmdkFast.Tests.Format;

public sealed class HostileDescriptorTests
{
    // Parsing the worst 1 MiB takes some 20 ms; the bound only has to tell that from anything quadratic.
    static readonly TimeSpan s_quick = TimeSpan.FromSeconds(5);

    // No theory: a runner would print each text as the name of its case.
    static readonly (string Text, VmdkErrorCode Code)[] s_texts =
    [
        (new string('=', 1 << 20), VmdkErrorCode.DescriptorInvalid),
        (new string('a', 1 << 20), VmdkErrorCode.DescriptorInvalid),
        (new string(' ', 1 << 20), VmdkErrorCode.DescriptorInvalid),
        (new string('"', 1 << 20), VmdkErrorCode.DescriptorInvalid),
        (new string('\n', 100_000), VmdkErrorCode.LimitExceeded),
        (string.Concat(Enumerable.Repeat("a=b\n", 100_000)), VmdkErrorCode.LimitExceeded),
        (string.Concat(Enumerable.Range(0, 100_000).Select(i => $"k{i}=\n")), VmdkErrorCode.LimitExceeded),
        (DescriptorSamples.With(Enumerable.Repeat("RW 1 ZERO", 4097).ToArray()), VmdkErrorCode.LimitExceeded),
        (DescriptorSamples.With($"RW {new string('9', 900_000)} ZERO"), VmdkErrorCode.DescriptorInvalid),
        (DescriptorSamples.With($"RW {new string(' ', 900_000)}"), VmdkErrorCode.DescriptorInvalid),
        (DescriptorSamples.With($"RW 1 SPARSE \"{new string('x', 900_000)}\""), VmdkErrorCode.LimitExceeded),
        (DescriptorSamples.With($"RW 1 {new string('x', 900_000)} \"a\""), VmdkErrorCode.Unsupported),
        (new string('\n', (1 << 20) + 1), VmdkErrorCode.LimitExceeded),
    ];

    [Fact]
    public void HostileTextsAreRefusedQuicklyAndInFewWords()
    {
        foreach ((string text, VmdkErrorCode code) in s_texts)
        {
            long start = Stopwatch.GetTimestamp();
            VmdkException refusal = DescriptorSamples.Refuse(text);

            Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, s_quick);
            Assert.Equal(code, refusal.Code);
            Assert.InRange(refusal.Message.Length, 1, 500);
            Assert.InRange(refusal.Found?.Length ?? 0, 0, 100);
        }
    }

    [Fact]
    public void AsManyExtentsAsTheLimitAllowsAreTaken() =>
        Assert.Equal(4096, DescriptorSamples.Parse(DescriptorSamples.With(
            Enumerable.Repeat("RW 1 ZERO", 4096).ToArray())).CapacitySectors);

    [Fact]
    public void AnyBytesAreReadOrRefusedButNeverFail() =>
        Gen.OneOf(s_fragments, s_fragments, Gen.String[0, 9]).Array[0, 30].Sample(
            parts =>
            {
                byte[] bytes = Encoding.Latin1.GetBytes(string.Concat(parts));
                DescriptorText.LooksLikeDescriptor(bytes);
                try
                {
                    DescriptorText text = DescriptorSamples.Parse(bytes);
                    Assert.Equal(bytes, text.ToBytes());
                    text.ToDescriptor();
                }
                catch (VmdkException refusal)
                {
                    Assert.InRange(refusal.OffsetBytes!.Value, 0, bytes.Length);
                }
            },
            iter: 20_000);

    static readonly Gen<string> s_fragments = DescriptorSamples.AnyOf(
        "version=1\nCID=1\ncreateType=x\n", "version", "=", "1", "\n", "\r", " ", "\t", "\"", "\0", "#",
        "RW ", "RDONLY ",
        "NOACCESS ", "\nRW 1 FLAT \"a\"", " 0", "99999999999999999999", "-1", "ZERO", "SPARSE", "VMFS", "\xFF",
        "encoding=", "GBK", "UTF-8", "ddb.geometry.cylinders = ", "CID=", "parentCID=", "parentFileNameHint=\"",
        "\xEF\xBB\xBF");
}
