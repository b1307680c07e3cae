using System.Diagnostics;
using VmdkFast.Cli.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Cli.Tests;

/// <summary>What only a process of its own shows: its signals, and its standard output as a pipe or a file.</summary>
public sealed class ProcessTests : IDisposable
{
    readonly TempFolder _folder = new();

    static string Program => Path.Combine(AppContext.BaseDirectory, "VmdkFast.Cli.dll");

    [Fact]
    public void APipeThatIsClosedEndsTheCommandQuietlyWithOne()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        PeerResult result = Shell(
            $"dotnet '{Program}' convert '{image}' - | head -c 1000 | wc -c; echo ${{PIPESTATUS[0]}}");
        Assert.Equal(["1000", "1"], result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("", result.Error);
    }

    [Fact]
    public void AFileAsStandardOutputIsWrittenWhereItStands()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        Shell($"(echo first; dotnet '{Program}' convert '{image}' -; echo last) > '{_folder["out"]}'").MustSucceed();
        byte[] bytes = File.ReadAllBytes(_folder["out"]);
        Assert.Equal("first\n"u8.Length + Images.LengthBytes + "last\n"u8.Length, bytes.Length);
        Assert.True(bytes.AsSpan().EndsWith("last\n"u8));
        Assert.Equal(5, bytes["first\n"u8.Length + (1 << 20)]);
    }

    [Fact]
    public void AFullDeviceIsToldOf()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        PeerResult result = Shell($"dotnet '{Program}' map '{image}' > /dev/full");
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("vmdkfast: standard output: No space left on device\n", result.Error);
    }

    [Theory]
    [InlineData("INT", 1)]
    [InlineData("TERM", 1)]

    // As timeout(1) does: one for the process, one for its group.
    [InlineData("TERM", 2)]
    public async Task ASignalLeavesNothingBehind(string signal, int times)
    {
        string image = _folder["large.vmdk"];
        Images.Create(image, "monolithicSparse", 1L << 30);
        Images.Write(image, "write -P 5 0 128M");
        string[] before = Directory.GetFiles(_folder.Path);

        // Half a minute, however late a busy machine sends the signal. A shell that runs the tests in the background
        // may have had SIGINT ignored, which children inherit.
        using Process process = Process.Start(new ProcessStartInfo(
            "env",
            [
                "--default-signal=INT", "dotnet", Program, "convert", "-m", "1", "-r", "4M", image,
                _folder["out.raw"],
            ])
        { RedirectStandardError = true })!;
        while (Directory.GetFiles(_folder.Path).Length == before.Length && !process.HasExited)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        string kill = $"kill -{signal} {process.Id}";
        Shell(string.Join("; ", Enumerable.Repeat(kill, times))).MustSucceed();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(130, process.ExitCode);
        Assert.Equal(before.Order(), Directory.GetFiles(_folder.Path).Order());
    }

    [Fact]
    public async Task AnImageThatARunningMachineWritesIsReadOnlyWhenToldTo()
    {
        string image = Images.Make(_folder, "monolithicSparse");
        using Process writer = Process.Start(new ProcessStartInfo("qemu-io", ["-f", "vmdk", image])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        try
        {
            // The prompt comes when the image is open and locked.
            var prompt = new char[7];
            await writer.StandardOutput.ReadBlockAsync(prompt, TestContext.Current.CancellationToken);
            Assert.Equal("qemu-io", new string(prompt));
            foreach (string verb in new[] { "info", "map" })
            {
                Run.MustFail(await Run.CliAsync(verb, image));
                await Run.OrFailAsync(verb, "-U", image);
            }

            await Run.OrFailAsync("inspect", image);
        }
        finally
        {
            writer.StandardInput.Close();
            await writer.WaitForExitAsync(CancellationToken.None);
        }
    }

    public void Dispose() => _folder.Dispose();

    static PeerResult Shell(string command) => Peers.Run("bash", "-c", command);
}
