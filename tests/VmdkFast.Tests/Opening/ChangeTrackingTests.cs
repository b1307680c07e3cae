using System.Buffers.Binary;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Opening;

/// <summary>Change tracking files: shown, never needed, and no images.</summary>
public sealed class ChangeTrackingTests
{
    const string Identifier = "000102030405060708090a0b0c0d0e0f";

    [Fact]
    public void TheFileThatTheImageNamesIsShown()
    {
        using var folder = new TempFolder();
        string path = WriteTracked(folder);
        WriteTracking(folder["disk-ctk.vmdk"]);

        using var disk = VmdkDisk.Open(path);
        VmdkChangeTracking tracking = disk.Layers[0].ChangeTracking!;
        Assert.Equal("disk-ctk.vmdk", tracking.FileName);
        Assert.Equal(folder["disk-ctk.vmdk"], tracking.Path);
        Assert.True(tracking.Exists);
        Assert.True(tracking.IsRecognised);
        Assert.Equal(Identifier, tracking.Identifier);
        Assert.Equal(4096, tracking.LengthBytes);
    }

    [Fact]
    public void AMissingFileKeepsNoDiskFromOpening()
    {
        using var folder = new TempFolder();
        using var disk = VmdkDisk.Open(WriteTracked(folder));
        Assert.False(disk.Layers[0].ChangeTracking!.Exists);
        Assert.Null(disk.Layers[0].ChangeTracking!.Path);
    }

    [Fact]
    public void AnotherFileIsNotTakenForOne()
    {
        using var folder = new TempFolder();
        string path = WriteTracked(folder);
        File.WriteAllText(folder["disk-ctk.vmdk"], "nothing of the kind");

        using var disk = VmdkDisk.Open(path);
        Assert.True(disk.Layers[0].ChangeTracking!.Exists);
        Assert.False(disk.Layers[0].ChangeTracking!.IsRecognised);
        Assert.Null(disk.Layers[0].ChangeTracking!.Identifier);
    }

    [Fact]
    public void AFileElsewhereIsNotLookedAt()
    {
        using var folder = new TempFolder();
        using var disk = VmdkDisk.Open(WriteTracked(folder, "/proc/self/status/../mem"));
        Assert.NotEqual(true, disk.Layers[0].ChangeTracking!.Exists);
        Assert.Null(disk.Layers[0].ChangeTracking!.LengthBytes);
    }

    [Fact]
    public void OpeningOneAsAnImageSaysWhatItIs()
    {
        using var folder = new TempFolder();
        WriteTracking(folder["disk-ctk.vmdk"]);

        Refusal.OfOpening(folder["disk-ctk.vmdk"]).Says(
            VmdkErrorCode.NotVmdk, folder["disk-ctk.vmdk"], 0, "magic", "change tracking file");
    }

    [Fact]
    public void InspectingOneShowsItsFields()
    {
        using var folder = new TempFolder();
        WriteTracking(folder["disk-ctk.vmdk"]);

        VmdkInspection inspection = VmdkImage.Inspect(
            folder["disk-ctk.vmdk"], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains("change tracking", inspection.Kind, StringComparison.Ordinal);
        Assert.Empty(inspection.Problems);
        VmdkStructure header = Assert.Single(inspection.Structures);
        Assert.Equal(Identifier, header.Fields.Single(field => field.Name == "Identifier").Value);
    }

    static string WriteTracked(TempFolder folder, string name = "disk-ctk.vmdk") =>
        FlatImage.Write(folder.Path, "disk", new GuestContent(1 << 20), "vmfs", descriptor: new DescriptorText
        {
            HeaderLines = ["", "# Change Tracking File", $"changeTrackPath=\"{name}\""],
        });

    static void WriteTracking(string path)
    {
        byte[] bytes = new byte[4096];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, 0xA27219F6);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), 512);
        Convert.FromHexString(Identifier).CopyTo(bytes, 44);
        File.WriteAllBytes(path, bytes);
    }
}
