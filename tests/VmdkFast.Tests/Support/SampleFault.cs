namespace VmdkFast.Tests.Support;

/// <summary>Why a sample cannot be read.</summary>
public enum SampleFault
{
    None,

    /// <summary>A file that the descriptor names is not there.</summary>
    ExtentMissing,

    /// <summary>The file ends after its descriptor: no grain, no footer.</summary>
    Cut,

    /// <summary>The file has no bytes.</summary>
    Empty,
}
