using Xunit;

namespace VmdkFast.Tests.Support;

/// <summary>
/// The images in the folder Samples. The hashes come from qemu-img and a second decoder, which agreed.
/// </summary>
public static class Samples
{
    public static IReadOnlyList<Sample> All { get; } =
    [
        new("vmdk-rs/streamOptimized.vmdk", 20_480, "a3bcf05f07a1c06a3380eeca8571f0efb2b85afafa1e21662b8cad436d1f7727"),
        new("vmdk-rs/streamOptimizedWithMarkers.vmdk", 2_048,
            "92c0f8b4280377437056f57c51ef51a5f8aeb1462ac630ef0633febcbfc3db4e"),
        new("vmdk-rs/vmfs_thick.vmdk", 4_096, "8d43c795d24bce01b49f92744f934c1072210dcac170bb1c83a5aa56df46ab7d"),
        new("cosmos/Filesystem.vmdk", 1_048_576, "6f67cc1c4c8f2655229895dce5d86df216aae59df746113f0f366ebfaae08e01"),
        new("vmdk-forensic/compressed_stream_opt.vmdk", 128,
            "55f4f09be519d8702500e4442b9efd7d58c912ea774d5f767c2444a02bcf8080"),
        new("vmdk-forensic/minimal.vmdk", 2_048, "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58"),
        new("vmdk-forensic/tw_sparse.vmdk", 8_192, "bb9f8df61474d25e71fa00722318cd387396ca1736605e1248821cc0de3d3af8"),
        new("vmdk-forensic/mono_flat.vmdk", 2_048, "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58"),
        new("poweros/kernel.vmdk", 8_192, "ca9e4b9d4cc36184baf7888bb50fdb8b7761aaada2b10f352951a57a25e9c2f4"),
        new("cot/input.vmdk", 2_097_152, "49bc20df15e412a64472421e13fe86ff1c5165e18b2afccf160d4dc19fe68a14"),
        new("cot/ubuntu.2.0-disk1.vmdk", 16_777_216,
            "ebfb4ef19ae410f190327b5ebd312711263bc7579970e87d9c1e2d84e06b3c25"),
        new("cot/blank.vmdk", 16_777_216, "ebfb4ef19ae410f190327b5ebd312711263bc7579970e87d9c1e2d84e06b3c25"),
        new("dfvfs/ext2.vmdk", 8_192, "a6c2f0e39afe6c6ab432ca5465349fcefe8dc944398e97b2d957d3f89dbb5d80"),
        new("go-vmdk-parser/vmdk-monolith.img", 128,
            "de2f256064a0af797747c2b97505dc0b9f3df0de4f489eac731c23ae9ca9cc31"),
        new("go-vmdk-parser/vmdk-streamoptimized.img", 128,
            "de2f256064a0af797747c2b97505dc0b9f3df0de4f489eac731c23ae9ca9cc31"),
        new("nearlands/image.vmdk", 2_880, "0030aab18072ba44c94853d2dd105f47226df28af55399b27b89f58bf2452ebc"),
        new("mdx1/1mib.vmdk", 2_048, "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58"),
        new("mdx1/1mb.vmdk", 2_048, "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58"),
        new("vmdk-rs/vmfs_thick-000001.vmdk", 0, "", SampleFault.ExtentMissing),
        new("vmdk-forensic/ms3-win.vmdk", 0, "", SampleFault.ExtentMissing),
        new("trivy/monolithicSparse.vmdk", 0, "", SampleFault.Cut),
        new("trivy/invalid.vmdk", 0, "", SampleFault.Empty),
    ];

    /// <summary>The samples that can be read.</summary>
    public static IEnumerable<Sample> Readable => All.Where(sample => sample.Fault == SampleFault.None);

    /// <summary>Paths of the samples that can be read and are small enough to hash, for theories.</summary>
    public static TheoryData<string> SmallPaths =>
        [.. Readable.Where(sample => !sample.IsLarge).Select(sample => sample.RelativePath)];

    /// <summary>Paths of the large samples, for theories; all of them are empty disks.</summary>
    public static TheoryData<string> LargePaths =>
        [.. Readable.Where(sample => sample.IsLarge).Select(sample => sample.RelativePath)];

    /// <summary>Paths of the samples that can be read, for theories.</summary>
    public static TheoryData<string> ReadablePaths => [.. Readable.Select(sample => sample.RelativePath)];

    /// <summary>Paths of the samples that must be refused, for theories.</summary>
    public static TheoryData<string> FaultyPaths =>
        [.. All.Where(sample => sample.Fault != SampleFault.None).Select(sample => sample.RelativePath)];

    public static Sample Find(string relativePath) => All.Single(sample => sample.RelativePath == relativePath);
}
