using VmdkFast;

await using VmdkDisk disk = await VmdkDisk.OpenAsync(args[0]);
Console.WriteLine($"{disk.Layers[0].Kind}, {disk.Length} bytes, images in its chain: {disk.Layers.Count}");

byte[] sector = new byte[512];
await disk.ReadAsync(sector, offsetBytes: 0);
Console.WriteLine(Convert.ToHexString(sector.AsSpan(0, 16)));

foreach (VmdkRun run in disk.Map())
{
    Console.WriteLine($"{run.OffsetBytes,20} {run.LengthBytes,20} {run.Kind}");
}
