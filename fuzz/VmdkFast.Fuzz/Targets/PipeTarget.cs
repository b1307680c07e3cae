using VmdkFast.Streaming;

namespace VmdkFast.Fuzz;

/// <summary>A stream that comes from a pipe, however many bytes at a time, against the same bytes as a file.</summary>
/// <remarks>
/// Input: pace of the pipe; sample, nudges, length, place; what is left overwrites bytes from that place on. Behind the
/// samples comes one choice more: what is left is the stream.
/// </remarks>
sealed class PipeTarget : IFuzzTarget
{
    internal const string TargetName = "pipe";

    /// <summary>How many samples there are; that number chooses the stream of the input's own.</summary>
    internal static int SampleCount { get; } = Samples.Piped().Length;

    const long MaxAllocatedBytes = 64L << 20;
    const int MaxStreamBytes = 1 << 20;

    // What a header promises is written as zeros: more than this is only opened.
    const long MaxLengthBytes = 4L << 20;
    const long MaxGrainBytes = 1L << 20;
    const string TargetFileName = "converted.raw";

    // One thread: of two faults always the first is met, so two runs can be compared by their errors.
    static readonly VmdkConvertOptions s_options = new() { Threads = 1 };

    readonly FuzzFolder _folder = new();
    readonly SampleImage[] _samples = Samples.Piped();

    public string Name => TargetName;

    public void Describe(FuzzDictionary dictionary) => HeaderTarget.DescribeStructures(dictionary);

    public void Run(ReadOnlySpan<byte> input)
    {
        var choices = new FuzzInput(input);
        byte pace = choices.TakeByte();
        byte[] stream = Compose(ref choices);
        if (stream.Length > MaxStreamBytes)
        {
            return;
        }

        var budget = InputBudget.Start(MaxAllocatedBytes);
        (IncomingStream? opened, VmdkErrorCode? refused) = Open(stream, pace: null);
        (_, VmdkErrorCode? refusedSlow) = Open(stream, pace);
        DisagreementException.ThrowUnless(
            refused == refusedSlow, $"a fast pipe opens with {refused}, a slow one with {refusedSlow}");
        if (opened is null)
        {
            RequireFailure(stream);
        }
        else if (opened.Shape.CapacityBytes <= MaxLengthBytes && opened.Shape.GrainBytes <= MaxGrainBytes)
        {
            Compare(stream, pace, tablesSeen: opened.TablesBehind || opened.Front is not null);
        }

        budget.Check();
    }

    public void Dispose() => _folder.Dispose();

    byte[] Compose(scoped ref FuzzInput choices)
    {
        int choice = choices.TakeBelow(_samples.Length + 1);
        if (choice == _samples.Length)
        {
            return choices.Rest.ToArray();
        }

        const PlaceGroup Everything = PlaceGroup.Header | PlaceGroup.Footer | PlaceGroup.Tables | PlaceGroup.Markers
            | PlaceGroup.MetadataMarkers;
        byte[] stream = Nudges.Apply(_samples[choice], Everything, ref choices);
        int place = Math.Min(choices.TakeUInt16(), stream.Length);
        choices.TakeBytes(stream.Length - place).CopyTo(stream.AsSpan(place));
        return stream;
    }

    void Compare(byte[] stream, byte pace, bool tablesSeen)
    {
        (byte[]? content, VmdkErrorCode? failed) = ToStream(stream, pace: null);
        (byte[]? slow, VmdkErrorCode? failedSlow) = ToStream(stream, pace);
        DisagreementException.ThrowUnless(
            failed == failedSlow, $"a fast pipe ends with {failed}, a slow one with {failedSlow}");
        RequireSame(content, slow, "a slow pipe");

        // A file takes grains in any order, and only that may be why a stream does not.
        (byte[]? stored, VmdkErrorCode? failedStored) = ToFile(stream, pace);
        DisagreementException.ThrowUnless(
            failed == failedStored || failed == VmdkErrorCode.OrderNotAscending,
            $"a pipe into a stream ends with {failed}, into a file with {failedStored}");
        RequireSame(content, stored, "a pipe into a file");

        // Tables that could not be read on the way may say anything to who reads the image by them.
        if (tablesSeen && stored is not null)
        {
            RequireSame(FromFile(stream), stored, "the same image as a file");
        }
    }

    // All there is at once, one byte at a time, or what the number seeds.
    static PipedBytes Pipe(byte[] stream, byte? pace) => pace switch
    {
        null => new PipedBytes(stream, stream.Length),
        0 => new PipedBytes(stream),
        byte seed => PipedBytes.AtOddPace(stream, seed),
    };

    static (IncomingStream? Opened, VmdkErrorCode? Refused) Open(byte[] stream, byte? pace)
    {
        try
        {
            return (IncomingStream.Open(Pipe(stream, pace), "", VmdkLimits.Default), null);
        }
        catch (VmdkException refused)
        {
            return (null, refused.Code);
        }
    }

    // The public way must refuse the same, before it makes a target.
    static void RequireFailure(byte[] stream)
    {
        (byte[]? content, _) = ToStream(stream, pace: null);
        DisagreementException.ThrowUnless(content is null, "a stream that does not open is converted");
    }

    static (byte[]? Content, VmdkErrorCode? Failed) ToStream(byte[] stream, byte? pace)
    {
        try
        {
            using var target = new MemoryStream();
            VmdkImage.ConvertAsync(Pipe(stream, pace), target, s_options).GetAwaiter().GetResult();
            return (target.ToArray(), null);
        }
        catch (VmdkException failed)
        {
            return (null, failed.Code);
        }
    }

    (byte[]? Content, VmdkErrorCode? Failed) ToFile(byte[] stream, byte pace)
    {
        string path = _folder[TargetFileName];
        File.Delete(path);
        try
        {
            VmdkImage.ConvertAsync(Pipe(stream, pace), path, s_options).GetAwaiter().GetResult();
            return (File.ReadAllBytes(path), null);
        }
        catch (VmdkException failed)
        {
            DisagreementException.ThrowUnless(!File.Exists(path), "something is left of a target that failed");
            return (null, failed.Code);
        }
    }

    // Null when the file is refused, or cannot be read to its end.
    byte[]? FromFile(byte[] stream)
    {
        string path = _folder[ImageReading.FileName];
        File.WriteAllBytes(path, stream);
        try
        {
            using VmdkDisk disk = VmdkDisk.Open(path, ImageReading.Options);
            if (disk.Length > MaxLengthBytes)
            {
                return null;
            }

            byte[] content = new byte[disk.Length];
            disk.Read(content, 0);
            return content;
        }
        catch (VmdkException)
        {
            return null;
        }
    }

    static void RequireSame(byte[]? one, byte[]? other, string what) =>
        DisagreementException.ThrowUnless(
            one is null || other is null || one.AsSpan().SequenceEqual(other), $"{what} gives other bytes");
}
