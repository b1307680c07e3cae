using Xunit;

namespace VmdkFast.Tests.Support;

/// <summary>Tests that measure the process: nothing else runs beside them.</summary>
[CollectionDefinition(nameof(MeasuredAlone), DisableParallelization = true)]
public static class MeasuredAlone;
