using System.Runtime.InteropServices;

namespace VmdkFast.Cli;

/// <summary>Nobody reads standard output any more: no fault worth a message (<c>vmdkfast map … | head</c>).</summary>
sealed class BrokenPipeException : IOException
{
    public BrokenPipeException()
        : base("Standard output was closed by its reader.")
    {
    }
}

/// <summary>File descriptor 1, by write(2).</summary>
/// <remarks>
/// The framework's console stream takes a closed pipe for success, so a conversion into it would run to its end and
/// claim to have worked. Its FileStream writes by position when standard output is a file, which leaves the shared
/// position where it was: what the shell's next command writes would overwrite the disk.
/// </remarks>
sealed partial class StandardOutputStream : Stream
{
    const int Descriptor = 1;
    const int Interrupted = 4;
    const int WouldBlockOnLinux = 11;
    const int WouldBlockElsewhere = 35;
    const int BrokenPipe = 32;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            nint written = WriteTo(Descriptor, buffer, (nuint)buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }

            int error = Marshal.GetLastPInvokeError();
            switch (error)
            {
                case Interrupted:
                    break;
                case WouldBlockOnLinux or WouldBlockElsewhere:
                    // Whoever shares the pipe has made it non-blocking. A short wait is enough for a rare case.
                    Thread.Sleep(1);
                    break;
                case BrokenPipe:
                    throw new BrokenPipeException();
                default:
                    throw new IOException($"standard output: {Marshal.GetPInvokeErrorMessage(error)}");
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        Write(buffer.AsSpan(offset, count));
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteTo(int descriptor, ReadOnlySpan<byte> buffer, nuint count);
}
