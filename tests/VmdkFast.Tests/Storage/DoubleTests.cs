using VmdkFast.Storage;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Storage;

/// <summary>The doubles behave as the real thing, or tests that stand on them prove nothing.</summary>
public sealed class DoubleTests
{
    [Fact]
    public void AFileInMemoryBehavesAsOneOnDisk()
    {
        using TemporaryFolder folder = new();
        using LocalFile real = LocalFile.CreateNew(folder["a"]);
        using MemoryFile memory = new();
        Random random = new(7);
        const int MaxBytes = 1 << 18;
        for (int i = 0; i < 2000; i++)
        {
            long offset = random.Next(MaxBytes);
            int length = random.Next(1, 20_000);
            byte[] bytes = new byte[length];
            switch (random.Next(6))
            {
                case 0 or 1:
                    random.NextBytes(bytes);
                    Both(file => file.Write(bytes, offset));
                    break;
                case 2:
                    Both(file => file.PunchHole(offset, length));
                    break;
                case 3 when i % 10 == 0:
                    Both(file => file.Truncate(offset));
                    break;
                case 4:
                    Both(file => file.Grow(offset));
                    break;
                default:
                    byte[] other = new byte[length];
                    int count = real.Read(bytes, offset);
                    Assert.Equal(count, memory.Read(other, offset));
                    Assert.Equal(bytes[..count], other[..count]);
                    break;
            }

            Assert.Equal(real.LengthBytes, memory.LengthBytes);
        }

        real.Barrier();
        Assert.Equal(File.ReadAllBytes(folder["a"]), memory.ToArray());

        void Both(Action<ImageFile> action)
        {
            action(real);
            action(memory);
        }
    }

    [Fact]
    public void AFileInMemoryHasHoles()
    {
        using MemoryFile file = new();
        file.Grow(1L << 46);
        file.Write(new byte[100], 10_000);
        Assert.Equal(new ByteRange(8192, 12_288), file.NextData(0));
        Assert.Equal(new ByteRange(9000, 12_288), file.NextData(9000));
        Assert.Equal(new ByteRange(1L << 46, 1L << 46), file.NextData(12_288));
        Assert.Equal(4096, file.AllocatedBytes);
        file.PunchHole(8192, 4096);
        Assert.Equal(0, file.AllocatedBytes);
    }

    [Fact]
    public void CallsAreCountedAndFaultsHappenWhereAsked()
    {
        using MemoryFile memory = new(new byte[8192]);
        using FaultyFile faulty = new(memory);
        using CountingFile counted = new(faulty);
        byte[] buffer = new byte[512];
        Assert.Equal(512, counted.Read(buffer, 0));
        counted.Write(buffer, 512);
        counted.Barrier();
        Assert.Equal((1, 512, 1, 512, 1), (
            counted.Reads, counted.BytesRead, counted.Writes, counted.BytesWritten, counted.Barriers));
        Assert.Equal((1, 512, 1, 1), (memory.Reads, memory.BytesRead, memory.Writes, memory.Barriers));

        faulty.UnreadableRange = new ByteRange(4096, 4608);
        faulty.UnwritableRange = new ByteRange(4096, 4608);
        Assert.Equal(4096, Assert.Throws<VmdkException>(() => counted.Read(new byte[4096], 1024)).OffsetBytes);
        Assert.Throws<VmdkException>(() => counted.Write(buffer, 4200));
        Assert.Equal(512, counted.Read(buffer, 4608));
        faulty.EndsAtBytes = 5000;
        Assert.Equal(392, counted.Read(buffer, 4608));
        Assert.Equal(0, counted.Read(buffer, 6000));
        faulty.FailingBarriers = 1;
        Assert.Throws<VmdkException>(counted.Barrier);
        counted.Barrier();
        Assert.Equal(2, counted.Barriers);
    }
}
