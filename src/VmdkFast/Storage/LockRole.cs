namespace VmdkFast.Storage;

/// <summary>What a file is locked for.</summary>
enum LockRole
{
    /// <summary>Reads; shares the file with readers, excludes writers.</summary>
    Reader,

    /// <summary>Writes and resizes; excludes writers and every reader that asks for a stable file.</summary>
    Writer,
}
