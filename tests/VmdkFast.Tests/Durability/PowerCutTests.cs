using System.Globalization;
using Xunit;

namespace VmdkFast.Tests.Durability;

/// <summary>The power fails everywhere: every kind of image, every position, whatever survives.</summary>
public sealed class PowerCutTests(ITestOutputHelper output)
{
    const int Seeds = 3;

    // Together with the blocks and the torn sectors: above 100,000 for all kinds and seeds.
    const int SectorCases = 2000;
    const int BlockCases = 500;
    const int TornCases = 250;

    public static TheoryData<string> Subjects => [.. CutSubject.All.Select(subject => subject.Name)];

    [Theory]
    [MemberData(nameof(Subjects))]
    public void WhatWasFlushedSurvivesAndNothingForeignAppears(string subject)
    {
        int factor = Factor();
        long cases = 0;
        for (int seed = 1; seed <= Seeds * factor; seed++)
        {
            using var study = new CutStudy(CutSubject.Named(subject), seed);
            study.Run(SectorCases, BlockCases, TornCases, TestContext.Current.CancellationToken);
            cases += study.Cases;
        }

        output.WriteLine($"{subject}: {cases} cases");
        Assert.True(cases >= Seeds * (SectorCases / 2), $"only {cases} cases");
    }

    static int Factor() => int.TryParse(
        Environment.GetEnvironmentVariable("VMDKFAST_CUTS"), CultureInfo.InvariantCulture, out int factor)
        ? Math.Max(1, factor)
        : 1;
}
