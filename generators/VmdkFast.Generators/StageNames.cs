namespace VmdkFast.Generators;

/// <summary>Names of the pipeline's stages. Caching tests read this class: a new stage is tested at once.</summary>
static class StageNames
{
    /// <summary>One <see cref="Model.ParseResult"/> for every structure.</summary>
    public const string Parsed = nameof(Parsed);

    /// <summary>What the emitter needs; unchanged when only lines move.</summary>
    public const string Layouts = nameof(Layouts);

    /// <summary>What the user must be told, with its place; changes when lines move.</summary>
    public const string Reports = nameof(Reports);
}
