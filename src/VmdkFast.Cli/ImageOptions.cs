namespace VmdkFast.Cli;

/// <summary>The part of qemu's <c>--image-opts</c> that means something here: a file name, spelled out.</summary>
static class ImageOptions
{
    /// <summary>
    /// The file that <c>driver=vmdk,file.driver=file,file.filename=NAME</c> names; <c>,,</c> is a comma.
    /// </summary>
    /// <exception cref="UsageException">Anything else stands there, or no file is named.</exception>
    internal static string FileNameOf(string text)
    {
        string? fileName = null;
        foreach (string part in text.Replace(",,", "\0", StringComparison.Ordinal).Split(','))
        {
            string option = part.Replace('\0', ',');
            int equals = option.IndexOf('=', StringComparison.Ordinal);
            (string key, string value) = equals < 0 ? (option, "") : (option[..equals], option[(equals + 1)..]);
            switch (key)
            {
                case "file.filename" or "filename" when value.Length > 0:
                    fileName = value;
                    break;
                case "driver" when value == "vmdk":
                case "file.driver" when value is "file" or "host_device":
                    break;
                default:
                    throw new UsageException(
                        $"--image-opts: '{option}' is not understood; wanted driver=vmdk,file.filename=NAME");
            }
        }

        return fileName ?? throw new UsageException("--image-opts: file.filename=NAME is missing");
    }
}
