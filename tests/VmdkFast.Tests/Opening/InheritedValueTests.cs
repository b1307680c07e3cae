using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>Chains as ESX names them: a delta states its content's ID, and inherits the rest.</summary>
public sealed class InheritedValueTests
{
    const long LengthBytes = 2 << 20;

    [Fact]
    public void ADeltaInheritsWhatItDoesNotState()
    {
        using var folder = new TempFolder();
        (string path, GuestContent content) = WriteChain(folder);

        using var disk = VmdkDisk.Open(path);
        DiskAssert.Holds(content, disk);
        VmdkLayerInfo top = disk.Layers[0];
        Assert.Equal("x-000002-delta.vmdk", top.Extents[0].FileName);
        Assert.Equal(["ddb.longContentID", "ddb.comment", "ddb.adapterType", "ddb.geometry.cylinders",
            "ddb.geometry.heads", "ddb.geometry.sectors", "ddb.virtualHWVersion"], top.Database.Select(e => e.Key));
        Assert.Equal("lsilogic", top.AdapterType);
        Assert.Null(top.Descriptor!.AdapterType);
        Assert.Equal(new VmdkGeometry(7, 64, 32), top.Geometry);

        // The nearest one counts, and says where it stands.
        Assert.Equal("middle", top.Database.Single(e => e.Key == "ddb.comment").Value);
        Assert.Equal(folder["x-000001.vmdk"], top.Database.Single(e => e.Key == "ddb.comment").Path);
        Assert.Equal(folder["x.vmdk"], top.Database.Single(e => e.Key == "ddb.virtualHWVersion").Path);

        // A content has an ID of its own: nobody inherits one.
        Assert.Equal(path, top.Database[0].Path);
        Assert.DoesNotContain(disk.Layers[1].Database, e => e.Key == "ddb.longContentID");
        Assert.All(disk.Layers[2].Database, entry => Assert.Equal(folder["x.vmdk"], entry.Path));
    }

    [Fact]
    public void WithoutParentsThereIsNothingToInherit()
    {
        using var folder = new TempFolder();
        (string path, _) = WriteChain(folder);

        using var disk = VmdkDisk.Open(path, VmdkOpenOptions.Default with { OpenParents = false });
        Assert.Equal("ddb.longContentID", Assert.Single(disk.Layers[0].Database).Key);
        Assert.Null(disk.Layers[0].AdapterType);
        Assert.Null(disk.Layers[0].Geometry);
    }

    [Fact]
    public async Task ACreatedDeltaInheritsToo()
    {
        using var folder = new TempFolder();
        string parent = FlatImage.Write(folder.Path, "x", GuestContent.Scattered(LengthBytes, seed: 3), "vmfs");
        string child = folder["x-000001.vmdk"];
        await VmdkDisk.CreateAsync(
            child, new VmdkCreateOptions { Kind = VmdkDiskKind.VmfsSparse, ParentPath = parent },
            TestContext.Current.CancellationToken);

        using var disk = VmdkDisk.Open(child);
        Assert.Equal("x-000001-delta.vmdk", disk.Layers[0].Extents[0].FileName);
        Assert.Equal("lsilogic", disk.Layers[0].AdapterType);
        Assert.Equal(disk.Layers[1].Geometry, disk.Layers[0].Geometry);
    }

    static (string Path, GuestContent Content) WriteChain(TempFolder folder)
    {
        GuestContent content = GuestContent.Scattered(LengthBytes, seed: 1);
        string path = FlatImage.Write(folder.Path, "x", content, "vmfs", descriptor: new DescriptorText
        {
            DatabaseLines =
            [
                "ddb.adapterType = \"lsilogic\"", "ddb.comment = \"base\"", "ddb.geometry.cylinders = \"7\"",
                "ddb.geometry.heads = \"64\"", "ddb.geometry.sectors = \"32\"", "ddb.virtualHWVersion = \"8\"",
                "ddb.longContentID = \"00000000000000000000000000000001\"",
            ],
        });
        for (int level = 1; level <= 2; level++)
        {
            GuestContent below = content;
            content = below.Clone();
            content.Fill(level * 100_352, 3000 * 512, ContentPattern.Mixed, level);
            path = CowdImage.Write(folder.Path, $"x-00000{level}", content, new CowdOptions
            {
                Parent = ParentLink.To(path, below, folder.Path),
                Descriptor = new DescriptorText
                {
                    DatabaseLines = level == 1
                        ? ["ddb.comment = \"middle\""]
                        : ["ddb.longContentID = \"00000000000000000000000000000003\""],
                },
            });
        }

        return (path, content);
    }
}
