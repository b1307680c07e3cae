using System.Text.Json;
using VmdkFast.Cli.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Cli.Tests;

public sealed class CreateTests : IDisposable
{
    readonly TempFolder _folder = new();

    [Theory]
    [InlineData("512", 512)]
    [InlineData("1234", 1536)]
    [InlineData("64k", 65536)]
    [InlineData("1.5M", 1572864)]
    [InlineData("5G", 5L << 30)]
    [InlineData("2T", 2L << 40)]
    public async Task TheSizeIsReadAsQemuImgReadsIt(string size, long lengthBytes)
    {
        CliResult result = await Run.OrFailAsync("create", _folder["disk.vmdk"], size);
        Assert.Equal(
            $"Formatting '{_folder["disk.vmdk"]}', fmt=vmdk size={lengthBytes} subformat=monolithicSparse\n",
            result.Output.ReplaceLineEndings("\n"));
        using VmdkDisk disk = VmdkDisk.Open(_folder["disk.vmdk"]);
        Assert.Equal(lengthBytes, disk.Length);
    }

    [Fact]
    public async Task TheSizeMayBeAnOption()
    {
        await Run.OrFailAsync("create", "-q", "-o", "size=1M", _folder["disk.vmdk"]);
        using VmdkDisk disk = VmdkDisk.Open(_folder["disk.vmdk"]);
        Assert.Equal(1 << 20, disk.Length);
    }

    [Theory]
    [InlineData("monolithicSparse", 1)]
    [InlineData("monolithicFlat", 2)]
    [InlineData("twoGbMaxExtentSparse", 4)]
    [InlineData("twoGbMaxExtentFlat", 4)]
    [InlineData("streamOptimized", 1)]
    [InlineData("vmfs", 2)]
    [InlineData("vmfsThin", 2)]
    [InlineData("vmfsSparse", 2)]
    public async Task EverySubformatIsMade(string subformat, int files)
    {
        await Run.OrFailAsync(
            "create", "-q", "-f", "vmdk", "-o", $"subformat={subformat},adapter_type=lsilogic", _folder["disk.vmdk"],
            "5G");
        Assert.Equal(files, Directory.GetFiles(_folder.Path).Length);
        Assert.Equal(subformat, (await DescriptorAsync()).CreateType);
        using VmdkDisk disk = VmdkDisk.Open(_folder["disk.vmdk"]);
        Assert.Equal((5L << 30, "lsilogic"), (disk.Length, disk.Layers[0].Descriptor!.AdapterType));
    }

    [Theory]
    [InlineData("adapter_type=ide", "ddb.adapterType", "ide")]
    [InlineData("adapter_type=buslogic", "ddb.adapterType", "buslogic")]
    [InlineData("adapter_type=legacyESX", "ddb.adapterType", "legacyESX")]
    [InlineData("compat6", "ddb.virtualHWVersion", "6")]
    [InlineData("compat6=on,hwversion=undefined", "ddb.virtualHWVersion", "6")]
    [InlineData("compat6=off,hwversion=11", "ddb.virtualHWVersion", "11")]
    [InlineData("toolsversion=10272", "ddb.toolsVersion", "10272")]
    [InlineData("zeroed_grain=on", "ddb.toolsVersion", "2147483647")]
    [InlineData("uuid=6000c290-1234-5678-9abc-def012345678", "ddb.uuid",
        "60 00 c2 90 12 34 56 78-9a bc de f0 12 34 56 78")]
    [InlineData("uuid=60 00 C2 90 12 34 56 78-9a bc de f0 12 34 56 78", "ddb.uuid",
        "60 00 c2 90 12 34 56 78-9a bc de f0 12 34 56 78")]
    [InlineData("cid=89,long_content_id=00112233445566778899aabbccddeeff", "ddb.longContentID",
        "00112233445566778899aabb00000089")]
    public async Task AnOptionEndsUpInTheDescriptor(string option, string key, string value)
    {
        await Run.OrFailAsync("create", "-q", "-o", option, _folder["disk.vmdk"], "2M");
        Assert.Equal(value, Assert.Single((await DescriptorAsync()).Entries, entry => entry.Key == key).Value);
    }

    [Theory]
    [InlineData("needs a size parameter", "NAME")]
    [InlineData("Invalid image size '1X'", "NAME", "1X")]
    [InlineData("at least one byte", "NAME", "0")]
    [InlineData("-f qcow2", "-f", "qcow2", "NAME", "1M")]
    [InlineData("invalid parameter value: adapter_type=IDE", "-o", "adapter_type=IDE", "NAME", "1M")]
    [InlineData("invalid parameter value: adapter_type=legacyesx", "-o", "adapter_type=legacyesx", "NAME", "1M")]
    [InlineData("invalid parameter value: subformat=foo", "-o", "subformat=foo", "NAME", "1M")]
    [InlineData("invalid parameter value: preallocation=metadata", "-o", "preallocation=metadata", "NAME", "1M")]
    [InlineData("Invalid parameter 'foo'", "-o", "foo=1", "NAME", "1M")]
    [InlineData("'zeroed_grain' expects 'on' or 'off'", "-o", "zeroed_grain=maybe", "NAME", "1M")]
    [InlineData("compat6 cannot be enabled with hwversion set", "-o", "compat6,hwversion=5", "NAME", "1M")]
    [InlineData("hwversion=x", "-o", "hwversion=x", "NAME", "1M")]
    [InlineData("Flat image can't have backing file", "-o", "subformat=monolithicFlat", "-b", "p", "NAME", "1M")]
    [InlineData("Flat image can't enable zeroed grain", "-o", "subformat=monolithicFlat,zeroed_grain", "NAME", "1M")]
    [InlineData("Invalid backing file format: raw. Must be vmdk", "-b", "p", "-F", "raw", "NAME", "1M")]
    [InlineData("the file does not exist", "-b", "p", "-F", "vmdk", "NAME")]
    [InlineData("grain of 100 bytes", "-o", "grain_size=100", "NAME", "1M")]
    [InlineData("cid=123456789", "-o", "cid=123456789", "NAME", "1M")]
    [InlineData("no content IDs", "-o", "cid=ffffffff", "NAME", "1M")]
    [InlineData("uuid=1", "-o", "uuid=1", "NAME", "1M")]
    [InlineData("The image size must be specified only once", "-o", "size=1M", "NAME", "2M")]
    public async Task WhatCannotBeIsOneClearLineAndMakesNothing(string expected, params string[] arguments)
    {
        string error = Run.MustFail(await Run.CliAsync(
            ["create", .. arguments.Select(argument => argument == "NAME" ? _folder["disk.vmdk"] : argument)]));
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("(Parameter", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task ANameWithAQuoteIsRefused()
    {
        string error = Run.MustFail(await Run.CliAsync("create", _folder["a\"b.vmdk"], "1M"));
        Assert.Contains("U+0022", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task AnExistingImageIsReplacedOnlyWhenAskedTo()
    {
        await Run.OrFailAsync("create", "-q", _folder["disk.vmdk"], "1M");
        string error = Run.MustFail(await Run.CliAsync("create", _folder["disk.vmdk"], "2M"));
        Assert.Contains("the file already exists", error, StringComparison.Ordinal);
        await Run.OrFailAsync("create", "-q", "-o", "overwrite=on", _folder["disk.vmdk"], "2M");
        using VmdkDisk disk = VmdkDisk.Open(_folder["disk.vmdk"]);
        Assert.Equal(2L << 20, disk.Length);
    }

    [Theory]
    [InlineData("-b", "base,comma.vmdk", "-F", "vmdk")]
    [InlineData("-o", "backing_file=base,,comma.vmdk,backing_fmt=vmdk")]
    public async Task ABackingFileCountsFromTheNewImagesFolder(params string[] arguments)
    {
        string parent = _folder["base,comma.vmdk"];
        Images.Create(parent, "monolithicSparse", 3L << 20);
        Images.Write(parent, "write -P 5 1M 64k");
        CliResult result = await Run.OrFailAsync(["create", .. arguments, _folder["child.vmdk"]]);
        Assert.Contains(
            "size=3145728 backing_file=base,comma.vmdk subformat=monolithicSparse", result.Output,
            StringComparison.Ordinal);
        PeerResult map = Peers.Run("qemu-img", "map", "-f", "vmdk", "--output=json", _folder["child.vmdk"])
            .MustSucceed();
        using var runs = JsonDocument.Parse(map.Output);
        JsonElement data = Assert.Single(
            runs.RootElement.EnumerateArray(), run => run.GetProperty("data").GetBoolean());
        Assert.Equal(1, data.GetProperty("depth").GetInt32());
    }

    public void Dispose() => _folder.Dispose();

    async Task<VmdkDescriptor> DescriptorAsync()
    {
        await using VmdkDisk disk = await VmdkDisk.OpenAsync(
            _folder["disk.vmdk"], null, TestContext.Current.CancellationToken);
        return disk.Layers[0].Descriptor!;
    }
}
