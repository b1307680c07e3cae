namespace VmdkFast;

/// <summary>How an extent really is stored, known once its file has been opened.</summary>
public enum VmdkExtentFormat
{
    /// <summary>The file has not been opened yet.</summary>
    Unopened,

    /// <summary>Raw sectors.</summary>
    Flat,

    /// <summary>Grains behind a KDMV header.</summary>
    HostedSparse,

    /// <summary>Compressed grains behind a KDMV header.</summary>
    StreamOptimized,

    /// <summary>Grains behind a COWD header.</summary>
    Cowd,

    /// <summary>Grains behind an seSparse header.</summary>
    SeSparse,

    /// <summary>No file: zeros.</summary>
    Zero,
}
