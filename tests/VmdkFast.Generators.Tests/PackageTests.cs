using System.IO.Compression;
using VmdkFast.Generators.Tests.Support;
using VmdkFast.Tests.Support;
using Xunit;

namespace VmdkFast.Generators.Tests;

/// <summary>The package in a stranger's hands: packed, restored from a feed of its own, used.</summary>
[Trait("Category", "Package")]
public sealed class PackageTests
{
    // No feed of the world has this version, so only the package under test can be meant.
    const string Version = "0.0.0-package-test";

    const string Project =
        $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
            <GenerateDocumentationFile>true</GenerateDocumentationFile>
          </PropertyGroup>
          <ItemGroup><PackageReference Include="VmdkFast" Version="[{Version}]" /></ItemGroup>
        </Project>
        """;

    const string Program =
        """
        using System;
        using VmdkFast.Layout;

        byte[] bytes = new byte[Partition.SizeBytes];
        var writer = Partition.CreateWriter(bytes);
        writer.StartSector = 2048;
        writer.Name = "data"u8;
        var partition = Partition.Read(bytes);
        Console.WriteLine($"{partition.StartSector} {partition.Name.Length} {Partition.Fields.Length}");
        foreach (LayoutField field in Partition.Fields)
        {
            Console.WriteLine($"{field.Name}={field.FormatValue(bytes)}");
        }

        /// <summary>A stranger's structure.</summary>
        [OnDisk(21, Meaning = "A partition.")]
        [Reserved(0, 1)]
        public readonly ref partial struct Partition
        {
            /// <summary>First sector.</summary>
            [Field(1, Unit = FieldUnit.Sectors)]
            public partial long StartSector { get; }

            [Field(9, LengthBytes = 12, Meaning = "Name.")]
            public partial ReadOnlySpan<byte> Name { get; }
        }
        """;

    [Fact]
    public async Task AnEmptyProjectUsesTheGeneratorOfThePackage()
    {
        string folder = Directory.CreateTempSubdirectory("vmdkfast-package-").FullName;
        try
        {
            string feed = Path.Combine(folder, "feed"), user = Path.Combine(folder, "user");
            await ChildProcess.Dotnet(
                Snapshot.RepositoryRoot, "pack", "src/VmdkFast/VmdkFast.csproj", "-c", "Release", "-o", feed,
                "--artifacts-path", Path.Combine(folder, "artifacts"), $"-p:Version={Version}");
            AssertContent(Assert.Single(Directory.GetFiles(feed, "*.nupkg")));

            Directory.CreateDirectory(user);
            File.WriteAllText(Path.Combine(user, "user.csproj"), Project);
            File.WriteAllText(Path.Combine(user, "Program.cs"), Program);
            string configuration = Configuration(feed, Path.Combine(folder, "packages"));
            File.WriteAllText(Path.Combine(user, "nuget.config"), configuration);
            string output = await ChildProcess.Dotnet(user, "run");
            Assert.Equal(
                "2048 12 2\nStartSector=2048\nName=646174610000000000000000\n",
                output.ReplaceLineEndings("\n"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static void AssertContent(string package)
    {
        using ZipArchive archive = ZipFile.OpenRead(package);
        string[] names = [.. archive.Entries.Select(entry => entry.FullName)];
        Assert.Contains("lib/net10.0/VmdkFast.dll", names);
        Assert.Contains("lib/net10.0/VmdkFast.xml", names);
        Assert.Equal(
            ["analyzers/dotnet/cs/VmdkFast.Generators.dll"],
            names.Where(name => name.StartsWith("analyzers/", StringComparison.Ordinal)));
    }

    // Its own folder of packages, so that nothing is left behind on the machine; what the library depends on may come
    // from the machine's folder, which spares the network.
    static string Configuration(string feed, string packages)
    {
        string machine = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        Directory.CreateDirectory(machine);
        return
            $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{packages}" /></config>
              <fallbackPackageFolders><add key="machine" value="{machine}" /></fallbackPackageFolders>
              <packageSources><add key="feed" value="{feed}" /></packageSources>
            </configuration>
            """;
    }
}
