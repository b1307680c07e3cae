using System.Text;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>A file of an undo journal: its names, and what the repair can have made of it. Not thread-safe.</summary>
/// <param name="path">Its name from the root.</param>
/// <param name="beside">Its name from the journal's folder; empty when it does not lie beneath that.</param>
/// <param name="identity">Which file it was.</param>
sealed class UndoFile(string path, string beside, FileIdentity identity) : IDisposable
{
    LocalFile? _file;

    /// <summary>The file, opened.</summary>
    internal LocalFile File => _file ?? throw new InvalidOperationException("The file was not opened.");

    /// <summary>Whether it was found under the name and as the file that the journal knows.</summary>
    internal bool IsWhereItWas { get; private set; }

    /// <summary>The longest that the repair can have made it.</summary>
    internal long MaxLengthBytes { get; private set; }

    /// <summary>What the repair has changed.</summary>
    internal List<ByteRange> Changed { get; private init; } = [];

    /// <summary>How the repair left it; null when it was cut short.</summary>
    internal (long LengthBytes, UInt128 Hash)? Result { get; set; }

    /// <summary>The same file where it was found later.</summary>
    internal UndoFile FoundAgain(string path, string beside, FileIdentity identity) =>
        new(path, beside, identity) { Changed = Changed, MaxLengthBytes = MaxLengthBytes, Result = Result };

    internal void NoteLength(long lengthBytes) => MaxLengthBytes = Math.Max(MaxLengthBytes, lengthBytes);

    /// <summary>Writes the names of a file into a journal.</summary>
    internal static void WriteTo(SealedJournal journal, int number, LocalFile file)
    {
        string path = Path.GetFullPath(file.Path);
        string beside = Path.GetRelativePath(Path.GetDirectoryName(Path.GetFullPath(journal.Path))!, path)
            .Replace(Path.DirectorySeparatorChar, '/');
        bool isBeneath = !Path.IsPathRooted(beside) && beside != ".."
            && !beside.StartsWith("../", StringComparison.Ordinal);
        byte[] names = Encoding.UTF8.GetBytes($"{path}{UndoJournal.NameEnd}{(isBeneath ? beside : "")}");
        UndoJournal.Write(journal, UndoKind.File, number, 0, 0, names, file.Identity);
    }

    /// <summary>Opens the file: under its name from the root, or else beside the journal.</summary>
    /// <param name="journalPath">The journal.</param>
    /// <param name="byContent">
    /// Whether another file will do, since what it holds is compared. Only one beneath the journal's folder, without
    /// links on the way: nobody's journal may reach into files elsewhere.
    /// </param>
    /// <exception cref="VmdkException">It is not there, or another one is.</exception>
    internal void Open(string journalPath, bool byContent)
    {
        VmdkException? refusal = null;
        try
        {
            _file = LocalFile.Open(path, FileAccessMode.ReadWrite);
            if (_file.Identity == identity)
            {
                IsWhereItWas = true;
                return;
            }

            refusal = new VmdkException(
                VmdkErrorCode.SourceChanged, path,
                byContent
                    ? "another file has this name now"
                    : "another file has this name now, and only the one that was repaired can be put back: the repair "
                        + "or its undo was cut short",
                null, "identity", Describe(_file.Identity), Describe(identity));
            _file.Dispose();
        }
        catch (VmdkException failure)
        {
            refusal = failure;
        }

        _file = OpenBeside(journalPath);
        if (_file is null || (_file.Identity != identity && !byContent))
        {
            throw refusal;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    static string Describe(FileIdentity identity) => $"device {identity.Device}, inode {identity.Inode}";

    LocalFile? OpenBeside(string journalPath)
    {
        if (beside.Length == 0)
        {
            return null;
        }

        try
        {
            using ImageFolder folder = ImageFolder.Beside(journalPath, VmdkLimits.Default);
            return folder.OpenBeneath(beside, FileAccessMode.ReadWrite, allowSubfolders: true);
        }
        catch (VmdkException)
        {
            // That the file is not where the journal knows it is the message that helps.
            return null;
        }
    }
}
