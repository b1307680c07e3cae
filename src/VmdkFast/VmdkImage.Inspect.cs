namespace VmdkFast;
public static partial class VmdkImage
{
    public static Task ConvertAsync(VmdkDisk source, string targetPath, VmdkConvertOptions? options = null, IProgress<VmdkProgress>? progress = null, CancellationToken cancellationToken = default) => throw new InvalidOperationException(targetPath);
    public static Task ConvertAsync(VmdkDisk source, Stream target, VmdkConvertOptions? options = null, IProgress<VmdkProgress>? progress = null, CancellationToken cancellationToken = default) => throw new InvalidOperationException("x");
}
