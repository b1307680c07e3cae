using System.Text;
using CsCheck;
using VmdkFast.Format;
using Xunit;

namespace VmdkFast.Tests.Format;

/// <summary>Descriptors to test with, in the forms that products write.</summary>
static class DescriptorSamples
{
    internal const string Path = "disk.vmdk";

    /// <summary>The smallest complete descriptor, with further lines behind.</summary>
    internal static string With(params string[] lines) =>
        "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType=\"custom\"\n"
        + string.Join('\n', lines);

    /// <summary>As Workstation writes a split disk.</summary>
    internal const string Workstation =
        """
        # Disk DescriptorFile
        version=1
        encoding="windows-1252"
        CID=216bc064
        parentCID=ffffffff
        isNativeSnapshot="no"
        createType="twoGbMaxExtentSparse"

        # Extent description
        RW 8323072 SPARSE "disk-s001.vmdk"
        RW 983040 SPARSE "disk-s002.vmdk"

        # The Disk Data Base 
        #DDB

        ddb.adapterType = "lsilogic"
        ddb.geometry.cylinders = "579"
        ddb.geometry.heads = "255"
        ddb.geometry.sectors = "63"
        ddb.longContentID = "3ca4d6ec709912129cf7ecb7216bc064"
        ddb.toolsInstallType = "1"
        ddb.toolsVersion = "10240"
        ddb.uuid = "60 00 C2 92 7b f4 0d ee-e9 08 12 5d bc 4f ab 26"
        ddb.virtualHWVersion = "13"

        """;

    /// <summary>As ESX writes a delta: the hint, and only one line of database.</summary>
    internal const string EsxDelta =
        """
        # Disk DescriptorFile
        version=1
        encoding="UTF-8"
        CID=8f67ca74
        parentCID=0172e8a4
        createType="vmfsSparse"
        parentFileNameHint="vmfs_thick.vmdk"
        # Extent description
        RW 4096 VMFSSPARSE "vmfs_thick-000001-delta.vmdk"

        # The Disk Data Base 
        #DDB

        ddb.longContentID = "4b98b55ba6a6bc2e8fd6eb368f67ca74"

        """;

    internal static DescriptorText Parse(string text, VmdkLimits? limits = null) =>
        DescriptorText.Parse(Encoding.UTF8.GetBytes(text), Path, limits);

    internal static DescriptorText Parse(byte[] bytes, VmdkLimits? limits = null) =>
        DescriptorText.Parse(bytes, Path, limits);

    /// <summary>One of some texts.</summary>
    internal static Gen<string> AnyOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    internal static VmdkException Refuse(string text, VmdkLimits? limits = null) =>
        Assert.Throws<VmdkException>(() => Parse(text, limits));
}
