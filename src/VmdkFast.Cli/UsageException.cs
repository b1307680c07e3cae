namespace VmdkFast.Cli;

/// <summary>The command line asks for something that cannot be; the message is one line for its writer.</summary>
sealed class UsageException(string message) : Exception(message)
{
    /// <summary>What the library says of the options that a command line has led to.</summary>
    internal static UsageException Of(string name, ArgumentException wrong)
    {
        // Every argument comes from the command line; the parameter's name would tell its writer nothing.
        string message = wrong.ParamName is { } parameter
            ? wrong.Message.Replace($" (Parameter '{parameter}')", "", StringComparison.Ordinal)
            : wrong.Message;
        return new UsageException($"{name}: {message}");
    }
}
