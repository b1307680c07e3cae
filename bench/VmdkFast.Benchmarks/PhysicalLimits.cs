using System.Diagnostics;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using VmdkFast.Compression;

namespace VmdkFast.Benchmarks;

/// <summary>
/// What no converter can beat on this machine: the stored bytes of a sparse image copied to their places by bare reads
/// and writes, its grains read and deflated, and the grains of a stream inflated from memory, each on all cores.
/// </summary>
static class PhysicalLimits
{
    const int PieceBytes = 1 << 20;
    const string Usage = "usage: limits SPARSE.vmdk STREAM.vmdk TARGET [REPEATS]";

    /// <summary>Prints one JSON object: seconds of each repeat.</summary>
    internal static int Run(string[] arguments)
    {
        int repeats = 5;
        if (arguments is not [string sparse, string stream, string target, .. string[] more]
            || (more is not [] && !(more is [string text] && int.TryParse(text, out repeats))))
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        using var json = new Utf8JsonWriter(Console.OpenStandardOutput());
        json.WriteStartObject();
        json.WriteNumber("cores", Environment.ProcessorCount);
        Write(json, "copy", repeats, Copying(sparse, target), () => File.Delete(target));
        foreach (string codec in new[] { "zlib", "libdeflate", "isal" })
        {
            Write(json, "inflate-" + codec, repeats, Inflating(stream, GrainCodec.Choose(codec)), () => { });
        }

        foreach ((string codec, VmdkCompression level) in new[]
        {
            ("zlib", VmdkCompression.Default), ("libdeflate", VmdkCompression.Default),
            ("libdeflate", VmdkCompression.Fastest), ("isal", VmdkCompression.Fastest),
        })
        {
            string name = level == VmdkCompression.Default ? "deflate-" : "deflate-fast-";
            Write(json, name + codec, repeats, Deflating(sparse, GrainCodec.Choose(codec), level), () => { });
        }

        json.WriteEndObject();
        json.Flush();
        return 0;
    }

    static void Write(Utf8JsonWriter json, string name, int repeats, Action work, Action cleanUp)
    {
        json.WriteStartArray(name);
        for (int repeat = 0; repeat < repeats; repeat++)
        {
            // What an earlier repeat left for the device to write must not slow this one.
            using (Process sync = Process.Start("sync"))
            {
                sync.WaitForExit();
            }

            long start = Stopwatch.GetTimestamp();
            work();
            json.WriteNumberValue(Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 4));
            cleanUp();
        }

        json.WriteEndArray();
    }

    static Action Copying(string sparsePath, string targetPath)
    {
        List<DataPiece> pieces = Pieces(sparsePath, PieceBytes, out long lengthBytes);
        return () =>
        {
            using SafeFileHandle source = File.OpenHandle(sparsePath, share: FileShare.ReadWrite);
            using SafeFileHandle target = File.OpenHandle(
                targetPath, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
            RandomAccess.SetLength(target, lengthBytes);
            OnAllCores(pieces.Count, PieceBytes, (index, buffer) =>
            {
                DataPiece piece = pieces[index];
                Span<byte> bytes = buffer.AsSpan(0, piece.LengthBytes);
                int read = RandomAccess.Read(source, bytes, piece.FileOffsetBytes);
                RandomAccess.Write(target, bytes[..read], piece.OffsetBytes);
            });
        };
    }

    static Action Deflating(string sparsePath, GrainCodec codec, VmdkCompression level)
    {
        const int GrainBytes = 64 << 10;
        List<DataPiece> pieces = Pieces(sparsePath, GrainBytes, out _);
        return () =>
        {
            using SafeFileHandle source = File.OpenHandle(sparsePath, share: FileShare.ReadWrite);
            OnAllCores(pieces.Count, 3 * GrainBytes, (index, buffer) =>
            {
                Span<byte> grain = buffer.AsSpan(0, pieces[index].LengthBytes);
                int read = RandomAccess.Read(source, grain, pieces[index].FileOffsetBytes);
                codec.Deflate(grain[..read], buffer.AsSpan(GrainBytes), level);
            });
        };
    }

    static List<DataPiece> Pieces(string sparsePath, int maxBytes, out long lengthBytes)
    {
        var pieces = new List<DataPiece>();
        using VmdkDisk disk = VmdkDisk.Open(sparsePath);
        lengthBytes = disk.Length;
        foreach (VmdkRun run in disk.Map().Where(run => run.Kind == VmdkRunKind.Data))
        {
            for (long done = 0; done < run.LengthBytes; done += maxBytes)
            {
                pieces.Add(new DataPiece(
                    run.FileOffsetBytes!.Value + done, run.OffsetBytes + done,
                    (int)Math.Min(maxBytes, run.LengthBytes - done)));
            }
        }

        return pieces;
    }

    static Action Inflating(string streamPath, GrainCodec codec)
    {
        using VmdkDisk disk = VmdkDisk.Open(streamPath);
        var offsets = new List<long>();
        long grainBytes = Sector.Bytes;
        foreach (VmdkRun run in disk.Map().Where(run => run.Kind == VmdkRunKind.Compressed))
        {
            offsets.Add(run.OffsetBytes);
            grainBytes = Math.Max(grainBytes, run.LengthBytes);
        }

        var grains = new StoredGrains(disk, offsets, codec);
        return () => OnAllCores(grains.Count, (int)grainBytes, (index, buffer) => grains.Inflate(index, 1, buffer));
    }

    static void OnAllCores(int count, int bufferBytes, Action<int, byte[]> work)
    {
        int next = -1;
        Thread[] threads = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            byte[] buffer = GC.AllocateUninitializedArray<byte>(bufferBytes, pinned: true);
            int index;
            while ((index = Interlocked.Increment(ref next)) < count)
            {
                work(index, buffer);
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
    }

    readonly record struct DataPiece(long FileOffsetBytes, long OffsetBytes, int LengthBytes);
}
