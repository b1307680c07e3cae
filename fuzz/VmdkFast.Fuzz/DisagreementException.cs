namespace VmdkFast.Fuzz;

/// <summary>Two answers of the library to one question differ: a finding, though nothing crashed.</summary>
sealed class DisagreementException(string message) : Exception(message)
{
    /// <summary>Throws when two answers differ.</summary>
    internal static void ThrowUnless(bool agree, string message)
    {
        if (!agree)
        {
            throw new DisagreementException(message);
        }
    }
}
