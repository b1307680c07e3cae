namespace VmdkFast.Cli;

/// <summary>The command line asks for something that cannot be; the message is one line for its writer.</summary>
sealed class UsageException(string message) : Exception(message);
