using System.Buffers.Binary;
using System.Collections.Immutable;
using VmdkFast.Layout;
using Xunit;

namespace VmdkFast.Generators.Tests;

/// <summary>Runs the code that the generator wrote for this assembly's own structures.</summary>
public sealed class EmittedCodeTests
{
    [Fact]
    public void TheReaderSeesWhatBinaryPrimitivesSee()
    {
        byte[] bytes = new byte[Unaligned.SizeBytes];
        for (int seed = 0; seed < 100; seed++)
        {
            new Random(seed).NextBytes(bytes);
            var value = Unaligned.Read(bytes);
            Assert.Equal(bytes[1], value.U1);
            Assert.Equal((sbyte)bytes[2], value.S1);
            Assert.Equal(BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(3)), value.U2);
            Assert.Equal(BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(5)), value.S2);
            Assert.Equal(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(7)), value.U4);
            Assert.Equal(BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(11)), value.S4);
            Assert.Equal(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(15)), value.U8);
            Assert.Equal(BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(23)), value.S8);
            Assert.Equal((Options)BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(31)), value.Options);
            Assert.Equal((Level)(sbyte)bytes[35], value.Level);
            Assert.Equal(bytes[36], value.Pad);
            Assert.True(value.Name.SequenceEqual(bytes.AsSpan(37, 10)));
            Assert.True(value.Raw.SequenceEqual(bytes.AsSpan(47, 9)));
        }
    }

    [Fact]
    public void EverySetterWritesItsFieldAndNothingElse()
    {
        AssertWrites(1, [0xA1], w => w.U1 = 0xA1);
        AssertWrites(2, [0xFE], w => w.S1 = -2);
        AssertWrites(3, [0x02, 0xA1], w => w.U2 = 0xA102);
        AssertWrites(5, [0xFE, 0xFF], w => w.S2 = -2);
        AssertWrites(7, [4, 3, 2, 0xA1], w => w.U4 = 0xA1020304);
        AssertWrites(11, [0, 0, 0, 0x80], w => w.S4 = int.MinValue);
        AssertWrites(15, [8, 7, 6, 5, 4, 3, 2, 0xA1], w => w.U8 = 0xA102030405060708);
        AssertWrites(23, [0, 0, 0, 0, 0, 0, 0, 0x80], w => w.S8 = long.MinValue);
        AssertWrites(31, [1, 0, 0, 0x80], w => w.Options = Options.One | Options.Top);
        AssertWrites(35, [0xFE], w => w.Level = Level.Low);
        AssertWrites(36, [9], w => w.Pad = 9);
        AssertWrites(37, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], w => w.Name = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        AssertWrites(47, [7, 0, 0, 0, 0, 0, 0, 0, 0], w => w.Raw = [7]);
    }

    [Fact]
    public void TheWriterReadsBackWhatItWrote()
    {
        byte[] bytes = new byte[Unaligned.SizeBytes];
        var writer = new Unaligned.Writer(bytes)
        {
            U1 = 1,
            S1 = -1,
            U2 = 2,
            S2 = -2,
            U4 = 4,
            S4 = -4,
            U8 = 8,
            S8 = -8,
            Options = Options.Top,
            Level = Level.High,
            Name = "name"u8,
            Raw = "raw"u8,
        };
        var reader = Unaligned.Read(bytes);
        Assert.Equal((reader.U1, reader.S1, reader.U2, reader.S2), (writer.U1, writer.S1, writer.U2, writer.S2));
        Assert.Equal((reader.U4, reader.S4, reader.U8, reader.S8), (writer.U4, writer.S4, writer.U8, writer.S8));
        Assert.Equal((reader.Options, reader.Level), (writer.Options, writer.Level));
        Assert.Equal((-8, Options.Top, Level.High), (reader.S8, reader.Options, reader.Level));
        Assert.True(writer.Name.SequenceEqual("name\0\0\0\0\0\0"u8));
        Assert.True(reader.Raw.SequenceEqual(writer.Raw));
    }

    [Fact]
    public void ALongerValueIsRefusedAndChangesNothing()
    {
        byte[] bytes = Filled(Unaligned.SizeBytes);
        Assert.Throws<ArgumentException>(() => new Unaligned.Writer(bytes).Raw = new byte[10]);
        Assert.All(bytes, value => Assert.Equal(0x5A, value));
    }

    [Fact]
    public void ShortBytesAreRefusedAndLongOnesCut()
    {
        byte[] shorter = Filled(Unaligned.SizeBytes - 1);
        Assert.False(Unaligned.TryRead(shorter, out _));
        Assert.Throws<ArgumentException>("source", () => Unaligned.Read(shorter).U1);
        Assert.Throws<ArgumentException>("target", () => new Unaligned.Writer(shorter).U1);
        Assert.Throws<ArgumentException>("target", () => Unaligned.CreateWriter(shorter).U1);
        Assert.All(shorter, value => Assert.Equal(0x5A, value));

        Assert.True(Unaligned.TryRead(Filled(Unaligned.SizeBytes + 1), out Unaligned read));
        Assert.Equal(0x5A, read.U1);
    }

    [Fact]
    public void ADefaultValueThrowsInsteadOfReading()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => default(Unaligned).U8);
        Assert.Throws<IndexOutOfRangeException>(() => default(Unaligned).U1);
        Assert.Throws<ArgumentOutOfRangeException>(() => default(Unaligned.Writer).U8 = 1);
    }

    [Fact]
    public void CreateWriterClearsTheStructureAndNothingBehindIt()
    {
        byte[] bytes = Filled(Unaligned.SizeBytes + 3);
        Unaligned.CreateWriter(bytes).Pad = 1;
        byte[] expected = new byte[Unaligned.SizeBytes + 3];
        expected[36] = 1;
        expected.AsSpan(Unaligned.SizeBytes).Fill(0x5A);
        Assert.Equal(expected, bytes);
    }

    [Fact]
    public void TheViewCopiesNothing()
    {
        byte[] bytes = new byte[Unaligned.SizeBytes];
        var view = Unaligned.Read(bytes);
        bytes[1] = 77;
        Assert.Equal(77, view.U1);
        Assert.True(view.Raw.Overlaps(bytes));
    }

    [Fact]
    public void GenericCodeReachesEverythingThroughTheInterface()
    {
        (int size, string meaning, ImmutableArray<LayoutField> fields) = Describe<Unaligned>(new byte[64]);
        Assert.Equal((64, "A subject of tests."), (size, meaning));
        Assert.Equal([1, 2, 3, 5, 7, 11, 15, 23, 31, 35, 36, 37, 47], fields.Select(field => field.OffsetBytes));
        Assert.True(fields == Unaligned.Fields, "The same array on every call.");
        LayoutField raw = fields[^1];
        Assert.Equal(("Raw", 9, "byte[9]", "Some bytes."), (raw.Name, raw.SizeBytes, raw.TypeName, raw.Meaning));
        LayoutField u8 = fields[6];
        Assert.Equal(("U8", "ulong", FieldUnit.Sectors), (u8.Name, u8.TypeName, u8.Unit));
        Assert.Equal("Options", fields[8].TypeName);
        Assert.Equal(FieldEncoding.SignedNumber, fields[9].Encoding);
    }

    [Fact]
    public void ReadingAllocatesNothing()
    {
        byte[] bytes = new byte[Unaligned.SizeBytes];
        ulong sum = ReadAll(bytes);
        long leastBytes = long.MaxValue;

        // The runtime allocates a little of its own now and then; a reader that allocates does so every time.
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            sum = ReadAll(bytes);
            leastBytes = Math.Min(leastBytes, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, leastBytes);
        Assert.Equal(13UL, sum);
    }

    [Fact]
    public void ANestedStructureWorks()
    {
        var leaf = Outer<string>.Inner.Leaf.Read([1, 2, 3]);
        Assert.Equal((1, 0x0302), (leaf.First, leaf.Second));
        Assert.Equal(3, Describe<Outer<int>.Inner.Leaf>(new byte[3]).SizeBytes);
    }

    delegate void Write(Unaligned.Writer writer);

    static void AssertWrites(int offsetBytes, byte[] expected, Write write)
    {
        byte[] bytes = Filled(Unaligned.SizeBytes + 1), wanted = Filled(Unaligned.SizeBytes + 1);
        expected.CopyTo(wanted, offsetBytes);
        write(new Unaligned.Writer(bytes));
        Assert.Equal(wanted, bytes);
    }

    static (int SizeBytes, string Meaning, ImmutableArray<LayoutField> Fields) Describe<T>(byte[] bytes)
        where T : IOnDisk<T>, allows ref struct
    {
        Assert.True(T.TryRead(bytes, out _));
        Assert.False(T.TryRead(bytes.AsSpan(1), out _));
        return (T.SizeBytes, T.Meaning, T.Fields);
    }

    static ulong ReadAll(byte[] bytes)
    {
        var value = Unaligned.Read(bytes);
        return value.U1 + value.U8 + (value.U4 + (ulong)value.U2) + (uint)Unaligned.Fields.Length;
    }

    static byte[] Filled(int length)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(0x5A);
        return bytes;
    }
}
