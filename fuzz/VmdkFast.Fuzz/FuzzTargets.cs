namespace VmdkFast.Fuzz;

/// <summary>All targets by name.</summary>
static class FuzzTargets
{
    static readonly (string Name, Func<IFuzzTarget> Create)[] s_targets =
    [
        (ChainTarget.TargetName, () => new ChainTarget()),
        (DescriptorTarget.TargetName, () => new DescriptorTarget()),
        (FooterTarget.TargetName, () => new FooterTarget()),
        (GrainsTarget.TargetName, () => new GrainsTarget()),
        (HeaderTarget.TargetName, () => new HeaderTarget()),
        (ImageTarget.TargetName, () => new ImageTarget()),
        (PipeTarget.TargetName, () => new PipeTarget()),
        (RepairTarget.TargetName, () => new RepairTarget()),
        (TablesTarget.TargetName, () => new TablesTarget()),
        (WritingTarget.TargetName, () => new WritingTarget()),
    ];

    /// <summary>The names, in order.</summary>
    internal static IEnumerable<string> Names => s_targets.Select(target => target.Name);

    /// <summary>Makes a target; null when there is none of that name.</summary>
    internal static IFuzzTarget? Create(string name) =>
        Array.Find(s_targets, target => target.Name == name).Create?.Invoke();
}
