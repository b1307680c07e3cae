"""Makes compare.json and compare.md of what compare.sh measured: compare_report.py WORK RESULTS"""
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

LIMITS_OF = {
    "sparse-to-raw": ["copy"],
    "stream-to-raw": ["inflate-zlib", "inflate-libdeflate"],
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
        case, label, microseconds, kibibytes, command = line.split("\t")
        tool = cases.setdefault(case, {}).setdefault(label, {"seconds": [], "kib": [], "command": command})
        tool["seconds"].append(round(int(microseconds) / 1e6, 4))
        tool["kib"].append(int(kibibytes))
    return cases


def summarize(tools, places):
    rows = []
    for label, tool in tools.items():
        command = tool["command"]
        for place, name in places:
            command = command.replace(place, name)
        rows.append({"tool": label, "command": command, "peakMiB": round(max(tool["kib"]) / 1024, 1),
                     "seconds": spread(tool["seconds"])})
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
        lines += ["", f"## {case}", "", "| command | seconds | min–max | against their best | peak MiB |",
                  "|---|---:|---:|---:|---:|"]
        for row in rows:
            s = row["seconds"]
            ratio = f"{row['timesFaster']:.2f}×" if "timesFaster" in row else ""
            lines.append(f"| {row['tool']} | {s['median']:.3f} | {s['min']:.3f}–{s['max']:.3f} | {ratio} "
                         f"| {row['peakMiB']:.0f} |")
        for limit in LIMITS_OF.get(case, []):
            s = report["limits"][limit]
            lines.append(f"| *limit: {limit}, all cores* | {s['median']:.3f} | {s['min']:.3f}–{s['max']:.3f} | | |")
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


main(Path(sys.argv[1]), Path(sys.argv[2]))
