"""Makes compare.json, compare.md, summary.md and compare.svg of what compare.sh measured.

compare_report.py WORK RESULTS    from the runs in WORK
compare_report.py --chart RESULTS only summary.md and compare.svg, from RESULTS/compare.json
"""
import html
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

LIMITS_OF = {
    "raw-to-stream": ["deflate-libdeflate", "deflate-zlib", "deflate-fast-libdeflate", "deflate-fast-isal"],
    "sparse-to-raw": ["copy"],
    "stream-to-raw": ["inflate-zlib", "inflate-libdeflate"],
    "export-to-raw": ["inflate-zlib", "inflate-libdeflate"],
}


def first_line(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0].strip()


def cpu_model():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def library_version(name):
    for line in subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout.splitlines():
        if name in line:
            return os.path.basename(os.path.realpath(line.split("=>")[1].strip()))
    return "none"


def seven_zip_version():
    try:
        shown = subprocess.run(["7zz", "i"], capture_output=True, text=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        return "none"
    return next((line.strip() for line in shown.splitlines() if line.startswith("7-Zip")), "unknown")


def spread(seconds):
    return {
        "median": round(statistics.median(seconds), 4),
        "min": round(min(seconds), 4),
        "max": round(max(seconds), 4),
        "runs": seconds,
    }


def read_runs(path):
    cases = {}
    for line in path.read_text().splitlines():
        case, label, microseconds, kibibytes, size, command = line.split("\t")
        tool = cases.setdefault(case, {}).setdefault(
            label, {"seconds": [], "kib": [], "bytes": int(size), "command": command})
        tool["seconds"].append(round(int(microseconds) / 1e6, 4))
        tool["kib"].append(int(kibibytes))
    return cases


def summarize(tools, places):
    rows = []
    for label, tool in tools.items():
        command = tool["command"]
        for place, name in places:
            command = command.replace(place, name)
        row = {"tool": label, "command": command,
               "peakMiB": round(max(tool["kib"]) / 1024, 1),
               "seconds": spread(tool["seconds"])}
        if tool["bytes"]:
            row["bytes"] = tool["bytes"]
            if "qemu" in tools:
                row["sizeOfQemus"] = round(tool["bytes"] / tools["qemu"]["bytes"], 4)
        rows.append(row)
    theirs = [row["seconds"]["median"] for row in rows if not row["tool"].startswith("ours")]
    if theirs:
        for row in rows:
            if row["tool"].startswith("ours"):
                # Their best against ours: 2.00 says that we take half of their time.
                row["timesFaster"] = round(min(theirs) / row["seconds"]["median"], 2)
    return rows


def markdown(report):
    lines = ["# Whole commands against their peers", "", "Written by `bench/compare.sh`. Seconds are medians.", ""]
    for name, value in report["machine"].items():
        lines.append(f"- {name}: {value}")
    for case, rows in report["cases"].items():
        lines += ["", f"## {case}", "",
                  "| command | seconds | min–max | against their best | peak MiB | output MiB | of QEMU's |",
                  "|---|---:|---:|---:|---:|---:|---:|"]
        for row in rows:
            s = row["seconds"]
            ratio = f"{row['timesFaster']:.2f}×" if "timesFaster" in row else ""
            size = f"{row['bytes'] / (1 << 20):.0f}" if "bytes" in row else ""
            part = f"{100 * row['sizeOfQemus']:.1f} %" if "sizeOfQemus" in row else ""
            lines.append(f"| {row['tool']} | {s['median']:.3f} | {s['min']:.3f}–{s['max']:.3f} | {ratio} "
                         f"| {row['peakMiB']:.0f} | {size} | {part} |")
        for limit in LIMITS_OF.get(case, []):
            s = report["limits"][limit]
            lines.append(f"| *limit: {limit}, all cores* | {s['median']:.3f} | {s['min']:.3f}–{s['max']:.3f} "
                         "| | | | |")
    return "\n".join(lines) + "\n"


def bars_of(report):
    """What the chart shows: case, label and how many times faster than the best of the others."""
    return [(case, row["tool"].removeprefix("ours").lstrip("-"), row["timesFaster"])
            for case, rows in report["cases"].items() for row in rows if "timesFaster" in row]


def chart(report):
    """A bar for each of our commands; the line at 1 is the best of the others. Readable on light and dark pages."""
    bars = bars_of(report)
    row_height, left, right, top, width = 24, 250, 70, 46, 760
    scale = (width - left - right) / max([1.0, *(times for _, _, times in bars)])
    height = top + row_height * len(bars) + 14
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'role="img" font-family="system-ui, sans-serif" font-size="13">',
        "<title>How many times faster than the best of the other programs</title>",
        "<style>text { fill: #3d444d } .bar { fill: #2f81b7 } .slower { fill: #b35900 } .line { stroke: #6e7781 } "
        "@media (prefers-color-scheme: dark) { text { fill: #c9d1d9 } .bar { fill: #58a6ff } "
        ".slower { fill: #e3883c } .line { stroke: #8b949e } }</style>",
        f'<text x="{left}" y="18">times as fast as the best of the other programs (longer is better)</text>',
        f'<text x="{left + scale:.1f}" y="36" text-anchor="middle" font-size="11">1×</text>',
    ]
    previous = None
    for index, (case, label, times) in enumerate(bars):
        y = top + index * row_height
        if case != previous:
            lines.append(f'<text x="8" y="{y + 14}">{html.escape(case)}</text>')
        previous = case
        kind = "bar" if times >= 1 else "slower"
        lines += [
            f'<text x="{left - 8}" y="{y + 14}" text-anchor="end" font-size="12">{html.escape(label)}</text>',
            f'<rect class="{kind}" x="{left}" y="{y + 2}" width="{times * scale:.1f}" height="16" rx="2"/>',
            f'<text x="{left + times * scale + 6:.1f}" y="{y + 14}">{times:.2f}×</text>',
        ]
    lines += [
        f'<line class="line" x1="{left + scale:.1f}" y1="{top - 6}" x2="{left + scale:.1f}" y2="{height - 8}" '
        'stroke-dasharray="3 3"/>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def summary(report):
    """One row for each of our commands: what README shows of the report."""
    machine = report["machine"]
    lines = [
        f"{machine['CPU']}; {machine['qemu-img']}; {machine['disk']}.",
        "",
        "| case | ours | seconds | best of the others | seconds | times faster | output against QEMU's |",
        "|---|---|---:|---|---:|---:|---:|",
    ]
    for case, tools in report["cases"].items():
        others = [tool for tool in tools if not tool["tool"].startswith("ours")]
        best = min(others, key=lambda tool: tool["seconds"]["median"], default=None)
        for tool in tools:
            if tool in others or best is None:
                continue
            size = f"{tool['sizeOfQemus']:.1%}" if "sizeOfQemus" in tool else ""
            lines.append(
                f"| {case} | {tool['tool']} | {tool['seconds']['median']:.2f} | {best['tool']} | "
                f"{best['seconds']['median']:.2f} | {tool['timesFaster']:.1f} | {size} |")
    return "\n".join(lines) + "\n"


def main(work, results):
    limits = json.loads((work / "limits.json").read_text())
    sparse, stream, raw = (work / name for name in ("sparse.vmdk", "stream.vmdk", "disk.raw"))
    report = {
        "machine": {
            "CPU": f"{cpu_model()}, {limits.pop('cores')} cores",
            "kernel": f"{platform.system()} {platform.release()}",
            "VmdkFast": os.environ["COMMIT"],
            "qemu-img": first_line("qemu-img", "--version"),
            "libdeflate": library_version("libdeflate.so.0"),
            "isa-l": library_version("libisal.so.2"),
            "7-Zip": seven_zip_version(),
            "file system": first_line("stat", "-f", "-c", "%T", str(work)),
            "disk": f"{raw.stat().st_size >> 20} MiB of ext4 with {os.environ['CONTENT']} of files; sparse image "
                    f"{sparse.stat().st_size >> 20} MiB, stream {stream.stat().st_size >> 20} MiB",
        },
        "limits": {name: spread(seconds) for name, seconds in limits.items()},
        "cases": {},
    }
    places = [(os.environ["OURS"], "vmdkfast"), (str(work) + "/", "")]
    for case, tools in read_runs(work / "runs.tsv").items():
        report["cases"][case] = summarize(tools, places)
    (results / "compare.json").write_text(json.dumps(report, indent=2) + "\n")
    (results / "compare.md").write_text(markdown(report))
    (results / "summary.md").write_text(summary(report))
    (results / "compare.svg").write_text(chart(report))


if sys.argv[1] == "--chart":
    folder = Path(sys.argv[2])
    made = json.loads((folder / "compare.json").read_text())
    (folder / "summary.md").write_text(summary(made))
    (folder / "compare.svg").write_text(chart(made))
else:
    main(Path(sys.argv[1]), Path(sys.argv[2]))
