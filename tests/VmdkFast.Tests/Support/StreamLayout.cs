namespace VmdkFast.Tests.Support;

/// <summary>Who wrote the streamOptimized file.</summary>
public enum StreamLayout
{
    /// <summary>ESX export: markers, tables after their grains, directory and footer at the end.</summary>
    Export,

    /// <summary>Workstation, VDDK, open-vmdk: directory and all tables in front, an end-of-stream sector.</summary>
    Local,

    /// <summary>QEMU: two copies in front, grains in write order, no end-of-stream sector.</summary>
    Qemu,
}
