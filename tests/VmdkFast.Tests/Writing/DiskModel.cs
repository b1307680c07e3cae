using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Tests.Writing;

/// <summary>A disk beside an array of bytes that says what it must hold; both take the same operations.</summary>
sealed class DiskModel : IDisposable
{
    const int MaxLengthBytes = 300 << 10;

    readonly string _path;
    readonly VmdkOpenOptions _options;
    readonly byte[] _expected;
    readonly byte[] _buffer = new byte[MaxLengthBytes];
    readonly SplitMix _random;
    VmdkDisk _disk;
    int _operation;
    string _last = "nothing";

    internal DiskModel(string path, GuestContent content, ulong seed, VmdkOpenOptions options)
    {
        _path = path;
        _options = options;
        _expected = content.Read(0, (int)content.LengthBytes);
        _random = new SplitMix(seed);
        _disk = Writable.OpenFast(path, options);
    }

    /// <summary>Carries out random operations, and compares all at the end.</summary>
    internal async Task RunAsync(int operations)
    {
        for (; _operation < operations; _operation++)
        {
            await StepAsync();
        }

        ReopenForReading();
    }

    public void Dispose() => _disk.Dispose();

    async Task StepAsync()
    {
        (long offset, int length) = NextRange();
        long draw = _random.NextBelow(1000);
        _last = $"{draw} at {offset}, {length} bytes";
        switch (draw)
        {
            case < 500:
                await WriteAsync(offset, length, draw);
                break;
            case < 600:
                await ClearAsync(offset, length, isAsync: draw < 530);
                break;
            case < 700:
                await DiscardAsync(offset, length, isAsync: draw < 630);
                break;
            case < 950:
                SameRange(offset, length);
                break;
            case < 980:
                _disk.Flush();
                break;
            case < 990:
                await _disk.FlushAsync(TestContext.Current.CancellationToken);
                break;
            case < 997:
                Reopen();
                break;
            default:
                ReopenForReading();
                break;
        }
    }

    // Most requests are short, as a guest's are; ends on sectors as often as not.
    (long OffsetBytes, int LengthBytes) NextRange()
    {
        int length = 1 + (int)_random.NextBelow(1L << (int)_random.NextBelow(19));
        long offset = _random.NextBelow(_expected.Length);
        if (_random.NextBelow(2) == 0)
        {
            int unit = _random.NextBelow(3) == 0 ? 1 << 16 : 4096;
            offset = offset / unit * unit;
            length = (length + unit - 1) / unit * unit;
        }

        return (offset, (int)Math.Min(Math.Min(length, MaxLengthBytes), _expected.Length - offset));
    }

    async Task WriteAsync(long offset, int length, long draw)
    {
        Memory<byte> bytes = _buffer.AsMemory(0, length);
        ulong word = _random.Next();
        for (int i = 0; i < length; i++)
        {
            bytes.Span[i] = (byte)((word >> (i & 31)) ^ (ulong)i);
        }

        bool durable = draw < 25;
        if (draw % 2 == 0)
        {
            _disk.Write(bytes.Span, offset, durable);
        }
        else
        {
            await _disk.WriteAsync(bytes, offset, durable, TestContext.Current.CancellationToken);
        }

        bytes.Span.CopyTo(_expected.AsSpan((int)offset));
    }

    async Task ClearAsync(long offset, int length, bool isAsync)
    {
        if (isAsync)
        {
            await _disk.WriteZeroesAsync(offset, length, TestContext.Current.CancellationToken);
        }
        else
        {
            _disk.WriteZeroes(offset, length);
        }

        _expected.AsSpan((int)offset, length).Clear();
    }

    // Each byte is zero or as before; whichever it is, it stays so.
    async Task DiscardAsync(long offset, int length, bool isAsync)
    {
        if (isAsync)
        {
            await _disk.DiscardAsync(offset, length, TestContext.Current.CancellationToken);
        }
        else
        {
            _disk.Discard(offset, length);
        }

        byte[] now = Writable.Read(_disk, offset, length);
        for (int i = 0; i < length; i++)
        {
            if (now[i] != 0 && now[i] != _expected[offset + i])
            {
                Fail(offset + i, "is neither zero nor as before");
            }
        }

        now.CopyTo(_expected, offset);
    }

    void SameRange(long offset, int length)
    {
        Span<byte> read = _buffer.AsSpan(0, length);
        Assert.Equal(length, _disk.Read(read, offset));
        int same = read.CommonPrefixLength(_expected.AsSpan((int)offset, length));
        if (same < length)
        {
            Fail(offset + same, "differs");
        }
    }

    void Reopen()
    {
        _disk.Dispose();
        _disk = Writable.OpenFast(_path, _options);
        SameDisk();
    }

    void ReopenForReading()
    {
        SameDisk();
        _disk.Dispose();
        _disk = VmdkDisk.Open(_path);
        SameDisk();
        _disk.Dispose();
        _disk = Writable.OpenFast(_path, _options);
    }

    void SameDisk()
    {
        for (int offset = 0; offset < _expected.Length; offset += MaxLengthBytes)
        {
            SameRange(offset, Math.Min(MaxLengthBytes, _expected.Length - offset));
        }
    }

    void Fail(long offsetBytes, string what) =>
        Assert.Fail($"Byte {offsetBytes} {what} after operation {_operation} ({_last}).");
}
