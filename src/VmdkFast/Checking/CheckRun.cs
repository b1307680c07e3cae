namespace VmdkFast.Checking;

/// <summary>What one run of a check shares: options, findings, sums and progress. Not thread-safe.</summary>
sealed class CheckRun(VmdkCheckOptions options, bool wantsSteps, IProgress<VmdkProgress>? listener)
{
    const int ReportMilliseconds = 100;

    long _reportedAt;
    long _doneBytes;
    long _totalBytes;
    int _sparseFiles;

    internal VmdkCheckOptions Options => options;

    internal FindingLog Log { get; } = new(options.MaxFindings, wantsSteps);

    /// <summary>Whether files must stay open for a repair.</summary>
    internal bool WantsSteps => wantsSteps;

    /// <summary>Whether that repair may give up what is lost.</summary>
    internal bool DropsLost { get; init; }

    internal long TotalGrains { get; private set; }

    internal long AllocatedGrains { get; private set; }

    internal long FragmentedGrains { get; private set; }

    internal long CompressedGrains { get; private set; }

    internal long EndOffsetBytes { get; private set; }

    /// <summary>Adds what has been counted in a sparse extent.</summary>
    internal void Count(SparseShape shape, GrainCheck grains, long endOffsetBytes)
    {
        Count(shape.Grains, grains.Allocated, grains.Fragmented, endOffsetBytes);
        CompressedGrains += shape.Compressed ? grains.Allocated : 0;
    }

    /// <summary>Adds what has been counted in an extent whose grains are stored as they are.</summary>
    internal void Count(long totalGrains, long allocatedGrains, long fragmentedGrains, long endOffsetBytes)
    {
        TotalGrains += totalGrains;
        AllocatedGrains += allocatedGrains;
        FragmentedGrains += fragmentedGrains;
        EndOffsetBytes = endOffsetBytes;
        _sparseFiles++;
    }

    /// <summary>More work is known of.</summary>
    internal void Expect(long lengthBytes) => _totalBytes += lengthBytes;

    /// <summary>Some of the work is done.</summary>
    internal void Advance(long lengthBytes)
    {
        _doneBytes += lengthBytes;
        long now = Environment.TickCount64;
        if (listener is not null && now - _reportedAt >= ReportMilliseconds)
        {
            _reportedAt = now;
            listener.Report(new VmdkProgress(_doneBytes, Math.Max(_doneBytes, _totalBytes), _doneBytes));
        }
    }

    /// <summary>The result, when all is done.</summary>
    internal VmdkCheckResult Finish(string path)
    {
        listener?.Report(new VmdkProgress(_totalBytes, _totalBytes, _doneBytes));
        return new VmdkCheckResult
        {
            Path = path,
            Findings = Log.Findings,
            OmittedFindings = Log.Omitted,
            Corruptions = Log[VmdkFindingSeverity.Corruption],
            Leaks = Log[VmdkFindingSeverity.Leak],
            Warnings = Log[VmdkFindingSeverity.Warning],
            CheckErrors = Log[VmdkFindingSeverity.Unchecked],
            TotalGrains = TotalGrains,
            AllocatedGrains = AllocatedGrains,
            FragmentedGrains = FragmentedGrains,
            CompressedGrains = CompressedGrains,
            ImageEndOffsetBytes = _sparseFiles == 1 ? EndOffsetBytes : null,
        };
    }
}
