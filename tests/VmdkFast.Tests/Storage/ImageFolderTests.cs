using System.Net.Sockets;
using System.Text;
using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Storage;

public sealed class ImageFolderTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AFileBesideTheImageOpens(bool openAt2)
    {
        _folder.With("disk-s001.vmdk", "extent"u8);
        using ImageFolder folder = Beside(openAt2);
        using LocalFile file = folder.OpenBeneath("disk-s001.vmdk"u8, FileAccessMode.ReadWrite);
        Assert.Equal(_folder["disk-s001.vmdk"], file.Path);
        Assert.Equal(6, file.LengthBytes);
        Assert.True(file.CanWrite);
        file.Write("E"u8, 0);
        Assert.Equal("Extent", File.ReadAllText(_folder["disk-s001.vmdk"]));
        Assert.Equal(VmdkErrorCode.FileMissing, Fault(folder, "none"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    [InlineData("a\rb")]
    [InlineData("a\"b")]
    [InlineData("/etc/passwd")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("a/./b")]
    [InlineData("a/../../b")]
    [InlineData("../b")]
    public void AnImpossibleNameIsRefusedBeforeAnythingIsOpened(string name)
    {
        using ImageFolder folder = Beside(openAt2: true);
        Assert.Equal(VmdkErrorCode.ReferenceRefused, Fault(folder, name));
        Assert.Equal(VmdkErrorCode.ReferenceRefused, Fault(folder, name, allowSubfolders: true));
        VmdkException fault = Assert.Throws<VmdkException>(() => folder.OpenFolder(Encoding.UTF8.GetBytes(name)));
        Assert.Equal(VmdkErrorCode.ReferenceRefused, fault.Code);
    }

    [Fact]
    public void ANameOverTheLimitIsRefused()
    {
        using ImageFolder folder = ImageFolder.Beside(
            _folder["disk.vmdk"], VmdkLimits.Default with { MaxNameBytes = 8 });
        _folder.With("12345678", []);
        folder.OpenBeneath("12345678", FileAccessMode.Read).Dispose();
        Assert.Equal(VmdkErrorCode.ReferenceRefused, Fault(folder, "123456789"));
        using ImageFolder standard = Beside(openAt2: true);
        Assert.Equal(VmdkErrorCode.FileMissing, Fault(standard, new string('a', 255)));
        Assert.Equal(VmdkErrorCode.ReferenceRefused, Fault(standard, new string('a', 256)));
        Assert.Equal(VmdkErrorCode.ReferenceRefused, Fault(standard, new string('a', 512)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void SubfoldersOpenOnlyWhenAllowed(bool openAt2)
    {
        Directory.CreateDirectory(_folder["one/two"]);
        _folder.With("one/two/a", "deep"u8);
        _folder.With("one/two/b", "near"u8);
        using ImageFolder folder = Beside(openAt2);
        Assert.Equal(VmdkErrorCode.ReferenceRefused, Fault(folder, "one/two/a"));
        using LocalFile deep = folder.OpenBeneath("one/two/a", FileAccessMode.Read, allowSubfolders: true);
        Assert.Equal(4, deep.LengthBytes);
        using ImageFolder below = folder.OpenFolder("one/two"u8);
        using LocalFile near = below.OpenBeneath("b", FileAccessMode.Read);
        Assert.Equal(_folder["one/two/b"], near.Path);
        Assert.Equal(VmdkErrorCode.FileMissing, Fault(folder, "one/three/a", allowSubfolders: true));
        Assert.Equal(VmdkErrorCode.ReferenceRefused, Fault(folder, "one/two/a/c", allowSubfolders: true));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void LinksAreRefusedWhereverTheyStand(bool openAt2)
    {
        Directory.CreateDirectory(_folder["inside"]);
        _folder.With("inside/a", "a"u8);
        File.CreateSymbolicLink(_folder["here"], "inside/a");
        File.CreateSymbolicLink(_folder["away"], "/etc/passwd");
        File.CreateSymbolicLink(_folder["dangling"], "nowhere");
        Directory.CreateSymbolicLink(_folder["folder"], "inside");
        using ImageFolder folder = Beside(openAt2);
        string[] names = ["here", "away", "dangling", "folder/a", "folder"];
        Assert.All(
            names,
            name => Assert.Equal(VmdkErrorCode.ReferenceRefused, Fault(folder, name, allowSubfolders: true)));
        Assert.Throws<VmdkException>(() => folder.OpenFolder("folder"u8));
        using ImageFolder process = ImageFolder.Beside(
            "/proc/self/x", VmdkLimits.Default, new LinuxPlatform(hasOpenAt2: openAt2));
        Assert.Equal(VmdkErrorCode.ReferenceRefused, Fault(process, "exe"));
        Assert.Equal(VmdkErrorCode.ReferenceRefused, Fault(process, "root/etc/passwd", allowSubfolders: true));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OnlyARegularFileIsOpenedAndNothingHangs(bool openAt2)
    {
        Assert.Equal(0, TestCalls.MakeFifo(_folder["fifo"], 0x1a4));
        Directory.CreateDirectory(_folder["folder"]);
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_folder["socket"]));
        using ImageFolder folder = Beside(openAt2);
        using ImageFolder devices = ImageFolder.Beside(
            "/dev/x", VmdkLimits.Default, new LinuxPlatform(hasOpenAt2: openAt2));
        (ImageFolder, string)[] cases =
            [(folder, "fifo"), (folder, "folder"), (folder, "socket"), (devices, "zero")];
        foreach ((ImageFolder where, string name) in cases)
        {
            foreach (FileAccessMode mode in Enum.GetValues<FileAccessMode>())
            {
                Task<VmdkErrorCode> opening = Task.Run(
                    () => Fault(where, name, mode: mode), TestContext.Current.CancellationToken);
                Assert.Equal(VmdkErrorCode.ReferenceRefused, await opening.WaitAsync(
                    TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void NamesAreBytesAndNeedNotBeText(bool openAt2)
    {
        Peer.RunOrFail("bash", "-c", "printf latin > \"$1\"/$'caf\\xe9.vmdk'", "bash", _folder.Path);
        using ImageFolder folder = Beside(openAt2);
        byte[] name = [.. "caf"u8, 0xe9, .. ".vmdk"u8];
        using LocalFile file = folder.OpenBeneath(name, FileAccessMode.Read);
        Assert.Equal(5, file.LengthBytes);
        using LocalFile again = file.Reopen(FileAccessMode.Read);
        Assert.Equal(file.Identity, again.Identity);
        Peer.RunOrFail("bash", "-c", "rm \"$1\"/caf*", "bash", _folder.Path);
    }

    [Fact]
    public void TheFolderStaysTheOneThatWasOpened()
    {
        Directory.CreateDirectory(_folder["images"]);
        Directory.CreateDirectory(_folder["trap"]);
        string honest = _folder.With("images/a", "honest"u8);
        _folder.With("trap/a", "secret"u8);
        using ImageFolder folder = ImageFolder.Beside(_folder["images/disk.vmdk"], VmdkLimits.Default);
        Directory.Move(_folder["images"], _folder["moved"]);
        Directory.CreateSymbolicLink(_folder["images"], _folder["trap"]);
        using LocalFile file = folder.OpenBeneath("a", FileAccessMode.Read);
        byte[] read = new byte[6];
        file.Read(read, 0);
        Assert.Equal("honest"u8, read);
        Assert.Equal("secret", File.ReadAllText(honest));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ANameSwappedBetweenFileAndLinkNeverLeadsOut(bool openAt2)
    {
        Directory.CreateDirectory(_folder["images"]);
        string secret = _folder.With("secret", "secret"u8);
        string honest = _folder.With("images/honest", "honest"u8);
        string name = _folder["images/a"];
        using ImageFolder folder = ImageFolder.Beside(
            name, VmdkLimits.Default, new LinuxPlatform(hasOpenAt2: openAt2));
        using LocalFile wanted = LocalFile.Open(honest, FileAccessMode.Read);
        bool done = false;
        int swaps = 0;
        Thread swapper = new(() =>
        {
            string next = _folder["images/next"];
            while (!Volatile.Read(ref done))
            {
                Assert.Equal(0, TestCalls.Link(honest, next));
                File.Move(next, name, overwrite: true);
                File.Delete(name);
                File.CreateSymbolicLink(name, secret);
                File.Delete(name);
                swaps++;
            }
        });
        swapper.Start();
        int opened = 0;
        int refused = 0;
        for (int i = 0; i < 200_000 && (opened < 200 || refused < 200); i++)
        {
            try
            {
                using LocalFile file = folder.OpenBeneath("a", FileAccessMode.Read);
                Assert.Equal(wanted.Identity, file.Identity);
                opened++;
            }
            catch (VmdkException fault)
            {
                Assert.NotEqual(VmdkErrorCode.InputOutput, fault.Code);
                refused += fault.Code == VmdkErrorCode.ReferenceRefused ? 1 : 0;
            }
        }

        Volatile.Write(ref done, true);
        swapper.Join();
        Assert.True(opened > 0 && refused > 0, $"{swaps} swaps, {opened} opened, {refused} refused");
    }

    [Fact]
    public void AFileOutsideOpensWhenPermittedButMustBeRegular()
    {
        string path = _folder.With("a", "a"u8);
        File.CreateSymbolicLink(_folder["link"], path);
        using LocalFile file = LocalFile.OpenReferenced(path, FileAccessMode.Read);
        using LocalFile link = LocalFile.OpenReferenced(_folder["link"], FileAccessMode.Read);
        Assert.Equal(file.Identity, link.Identity);
        Assert.Equal(0, TestCalls.MakeFifo(_folder["fifo"], 0x1a4));
        string[] refused = [_folder["fifo"], _folder.Path, "/dev/zero"];
        Assert.All(refused, other => Assert.Equal(
            VmdkErrorCode.ReferenceRefused,
            Assert.Throws<VmdkException>(() => LocalFile.OpenReferenced(other, FileAccessMode.Read)).Code));
    }

    [Fact]
    public void AMissingFolderIsReportedAndAnOpenOneSyncs()
    {
        Assert.Equal(
            VmdkErrorCode.FileMissing,
            Assert.Throws<VmdkException>(
                () => ImageFolder.Beside(_folder["none/disk.vmdk"], VmdkLimits.Default)).Code);
        using ImageFolder folder = Beside(openAt2: true);
        folder.Barrier();
        using ImageFolder current = ImageFolder.Beside("disk.vmdk", VmdkLimits.Default);
        Assert.Equal("", current.Path);
        current.Dispose();
        Assert.Throws<ObjectDisposedException>(current.Barrier);
    }

    [Fact]
    public void ThePortableFallbackRefusesLinksAndForeignNamesToo()
    {
        Directory.CreateDirectory(_folder["inside"]);
        _folder.With("inside/a", "a"u8);
        File.CreateSymbolicLink(_folder["here"], "inside/a");
        Directory.CreateSymbolicLink(_folder["folder"], "inside");
        using ImageFolder folder = ImageFolder.Beside(
            _folder["disk.vmdk"], VmdkLimits.Default, new PortablePlatform());
        using LocalFile file = folder.OpenBeneath("inside/a", FileAccessMode.ReadWrite, allowSubfolders: true);
        using LocalFile again = file.Reopen(FileAccessMode.Read);
        Assert.Equal(file.Identity, again.Identity);
        file.Write("portable"u8, 4);
        file.Barrier();
        byte[] read = new byte[20];
        Assert.Equal(12, again.Read(read, 0));
        Assert.Equal("portable"u8, read.AsSpan(4, 8));
        Assert.Equal(VmdkErrorCode.ReferenceRefused, Fault(folder, "here"));
        Assert.Equal(VmdkErrorCode.ReferenceRefused, Fault(folder, "folder/a", allowSubfolders: true));
        Assert.Equal(VmdkErrorCode.ReferenceRefused, Fault(folder, "../a", allowSubfolders: true));
        Assert.Equal(VmdkErrorCode.FileMissing, Fault(folder, "none"));
    }

    static VmdkErrorCode Fault(
        ImageFolder folder, string name, bool allowSubfolders = false, FileAccessMode mode = FileAccessMode.Read) =>
        Assert.Throws<VmdkException>(() => folder.OpenBeneath(name, mode, allowSubfolders)).Code;

    ImageFolder Beside(bool openAt2) => ImageFolder.Beside(
        _folder["disk.vmdk"], VmdkLimits.Default, new LinuxPlatform(hasOpenAt2: openAt2));
}
