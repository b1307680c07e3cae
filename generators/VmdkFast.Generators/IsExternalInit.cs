namespace System.Runtime.CompilerServices;

/// <summary>Records need this type, and .NET Standard 2.0 does not have it.</summary>
static class IsExternalInit;
