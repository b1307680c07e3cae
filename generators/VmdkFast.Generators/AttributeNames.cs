namespace VmdkFast.Generators;

/// <summary>Metadata names of the attributes that the library declares.</summary>
static class AttributeNames
{
    public const string OnDisk = "VmdkFast.Layout.OnDiskAttribute";
    public const string Field = "VmdkFast.Layout.FieldAttribute";
    public const string Reserved = "VmdkFast.Layout.ReservedAttribute";
}
