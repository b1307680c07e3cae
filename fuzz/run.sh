#!/usr/bin/env bash
# Runs one fuzz target under AFL++ for a while: fuzz/run.sh TARGET SECONDS
# Results are in artifacts/fuzz/out/TARGET. Exits 1 when an input crashed or hung the library.
set -eu -o pipefail
[ $# -eq 2 ] || { echo "usage: fuzz/run.sh TARGET SECONDS" >&2; exit 2; }
target=$1 seconds=$2
cd "$(dirname "$0")/.."
command -v afl-fuzz >/dev/null || { echo "afl-fuzz is missing: install afl++" >&2; exit 2; }
bin=artifacts/fuzz/bin-$target out=artifacts/fuzz/out/$target

# A dll can be instrumented only once, so each campaign starts from a fresh one.
rm -rf "$bin"
dotnet publish fuzz/VmdkFast.Fuzz -c Release -v q -nodeReuse:false -o "$bin"
dotnet tool restore >/dev/null
dotnet sharpfuzz "$bin/VmdkFast.dll"

# Images are written once for each input: in memory, and all gone at the end.
memory=/dev/shm; [ -d "$memory" ] || memory=${TMPDIR:-/tmp}
TMPDIR=$(mktemp -d "$memory/vmdkfast-fuzz.XXXXXX"); export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

# afl-fuzz refuses to start over what an earlier campaign found unless told to go on with it.
mkdir -p "$out"
seeds=fuzz/corpus/$target; [ ! -d "$out/default/queue" ] || seeds=-
export AFL_SKIP_BIN_CHECK=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1
export DOTNET_TieredPGO=0 DOTNET_gcServer=0
afl-fuzz -i "$seeds" -o "$out" -x "fuzz/dictionaries/$target.dict" -m none -t 5000 -V "$seconds" -- \
  dotnet "$bin/VmdkFast.Fuzz.dll" afl "$target" >"$out/log" || { tail -n 20 "$out/log" >&2; exit 1; }

# afl-fuzz exits 0 whatever it found.
grep -E '^(execs_done|execs_per_sec|corpus_count|stability|saved_crashes|saved_hangs)' "$out/default/fuzzer_stats"
found=$(find "$out/default/crashes" "$out/default/hangs" -name 'id*' | wc -l)
[ "$found" -eq 0 ] || { echo "$found findings in $out/default; replay each with
  dotnet run -c Release --project fuzz/VmdkFast.Fuzz -- replay $target FILE" >&2; exit 1; }
