using VmdkFast.Compression;
using VmdkFast.Extents;
using VmdkFast.Streaming;

namespace VmdkFast.Checking;

/// <summary>Inflates every compressed grain that a table names, on several threads; reports in order.</summary>
sealed class DeepCheck
{
    const int BatchGrains = 32;

    // Deflate's best is 1,032 to 1: a grain cannot become longer than this, whatever the header calls a grain.
    const long MaxRatio = 1040;

    readonly SparseSubject _subject;
    readonly CompressedGrains _grains;
    readonly IEnumerator<StoredPlace> _places;
    readonly Action<long> _advance;

    DeepCheck(SparseSubject subject, IEnumerable<StoredPlace> places, Action<long> advance)
    {
        SparseShape shape = subject.Shape;
        _subject = subject;
        _advance = advance;
        _places = places.GetEnumerator();
        _grains = new CompressedGrains(
            subject.File.File, GrainCodec.Of(VmdkCodec.Auto), shape.GrainBytes, shape.CapacitySectors << Sector.Shift,
            shape.Markers, 0, null);
    }

    /// <summary>Inflates grains.</summary>
    internal static void Run(
        SparseSubject subject, IEnumerable<StoredPlace> places, int threads, Action<long> advance,
        CancellationToken cancellationToken)
    {
        var check = new DeepCheck(subject, places, advance);
        IEnumerable<Batch> batches = Enumerable.Range(0, threads * 2).Select(_ => new Batch());
        new WorkPipeline<Batch>(batches, check.TryTake, check.Inflate, check.Report).Run(threads, cancellationToken);
    }

    /// <summary>Room that is enough for a grain of some compressed length.</summary>
    internal static int RoomFor(long grainBytes, long dataBytes) => (int)Math.Min(grainBytes, dataBytes * MaxRatio);

    bool TryTake(Batch batch)
    {
        batch.Places.Clear();
        batch.Faults.Clear();
        while (batch.Places.Count < BatchGrains && _places.MoveNext())
        {
            batch.Places.Add(_places.Current);
        }

        return batch.Places.Count > 0;
    }

    void Inflate(Batch batch)
    {
        foreach (StoredPlace place in batch.Places)
        {
            long storedBytes = (long)place.LengthSectors << Sector.Shift;
            int roomBytes = RoomFor(_subject.Shape.GrainBytes, storedBytes);
            if (batch.Block.Length < roomBytes)
            {
                batch.Block = new byte[roomBytes];
            }

            try
            {
                _grains.Inflate(
                    new StoredGrain(_grains, place.Grain, (long)place.Sector << Sector.Shift, (int)storedBytes),
                    batch.Block.AsSpan(0, roomBytes));
            }
            catch (VmdkException fault)
            {
                batch.Faults.Add((place, fault));
            }
        }
    }

    void Report(Batch batch)
    {
        _advance(batch.Places.Count);
        foreach ((StoredPlace place, VmdkException fault) in batch.Faults)
        {
            VmdkFindingKind kind = fault.Code == VmdkErrorCode.InputOutput
                ? VmdkFindingKind.NotChecked
                : VmdkFindingKind.GrainDamaged;
            _subject.Find(
                kind, $"{fault.Message}", (long)place.Sector << Sector.Shift, _subject.GuestOfGrain(place.Grain));
        }
    }

    sealed class Batch
    {
        internal List<StoredPlace> Places { get; } = [];

        internal List<(StoredPlace Place, VmdkException Fault)> Faults { get; } = [];

        internal byte[] Block { get; set; } = [];
    }
}
