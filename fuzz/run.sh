#!/usr/bin/env bash
# Runs one fuzz target for a while: fuzz/run.sh [--engine afl|libfuzzer] TARGET SECONDS
# Instruments a copy of the library, runs, and makes small what was found. Results are in artifacts/fuzz/ENGINE/TARGET:
# findings/ has each finding, corpus/ the smallest set of inputs that reaches all that was reached.
# Exits 1 when an input crashed or hung the library.
set -eu -o pipefail
usage() { echo "usage: fuzz/run.sh [--engine afl|libfuzzer] TARGET SECONDS" >&2; exit 2; }
engine=afl
if [ "${1-}" = --engine ]; then engine=${2-}; shift 2 || usage; fi
[ $# -eq 2 ] || usage
target=$1 seconds=$2
cd "$(dirname "$0")/.."
case $engine in
afl) tool=afl-fuzz package=afl++ ;;
libfuzzer) tool=clang package="clang libclang-rt-14-dev" ;;
*) usage ;;
esac
command -v $tool >/dev/null || { echo "$tool is missing: install $package" >&2; exit 2; }
[ -d "fuzz/corpus/$target" ] || { echo "there is no target $target in fuzz/corpus" >&2; exit 2; }
bin=artifacts/fuzz/bin-$target out=artifacts/fuzz/$engine/$target

# A dll can be instrumented only once, so each campaign starts from a fresh one.
rm -rf "$bin"
dotnet publish fuzz/VmdkFast.Fuzz -c Release -v q -nodeReuse:false -o "$bin"
dotnet tool restore >/dev/null
dotnet sharpfuzz "$bin/VmdkFast.dll"

# Images are written once for each input: in memory, and all gone at the end.
memory=/dev/shm; [ -d "$memory" ] || memory=${TMPDIR:-/tmp}
TMPDIR=$(mktemp -d "$memory/vmdkfast-fuzz.XXXXXX"); export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
mkdir -p "$out/findings"

# An input that makes the library hold more than 512 MiB is a finding.
export DOTNET_TieredPGO=0 DOTNET_gcServer=0 DOTNET_GCHeapHardLimit=0x20000000
export AFL_SKIP_BIN_CHECK=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1
export AFL_FORKSRV_INIT_TMOUT=60000
serve=("$(command -v dotnet)" "$bin/VmdkFast.Fuzz.dll" afl "$target")

run_afl() {
  # afl-fuzz refuses to start over what an earlier campaign found unless told to go on with it.
  local seeds=fuzz/corpus/$target
  [ ! -d "$out/default/queue" ] || seeds=-
  afl-fuzz -i "$seeds" -o "$out" -x "fuzz/dictionaries/$target.dict" -m none -t 5000 -V "$seconds" -- \
    "${serve[@]}" >"$out/log" || { tail -n 20 "$out/log" >&2; exit 1; }
  grep -E '^(run_time|execs_done|execs_per_sec|corpus_count|edges_found|stability|saved_)' "$out/default/fuzzer_stats"
  find "$out/default/crashes" "$out/default/hangs" -name 'id*' -exec cp -t "$out/findings" {} +
  rm -rf "$out/corpus"
  afl-cmin -i "$out/default/queue" -o "$out/corpus" -m none -t 5000 -- "${serve[@]}" >"$out/cmin.log" 2>&1 ||
    { echo "afl-cmin failed, see $out/cmin.log" >&2; rm -rf "$out/corpus"; }
}

run_libfuzzer() {
  mkdir -p "$out/corpus"
  clang -O2 -fsanitize=fuzzer fuzz/libfuzzer/driver.c -o "$bin/driver" ||
    { echo "clang has no libFuzzer: install $package" >&2; exit 2; }
  export FUZZ_COMMAND="exec dotnet $bin/VmdkFast.Fuzz.dll libfuzzer $target"
  "$bin/driver" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=0 -max_len=65536 -print_final_stats=1 \
    -dict="fuzz/dictionaries/$target.dict" -artifact_prefix="$out/findings/" "$out/corpus" "fuzz/corpus/$target" \
    >"$out/log" 2>&1 || true
  grep -E '^(#[0-9]+.*DONE|stat::number_of_executed_units|stat::new_units_added)' "$out/log" ||
    tail -n 20 "$out/log" >&2
}

make_small() {
  local input=$1
  case $input in *.min) return ;; esac
  [ -e "$input.min" ] || timeout 120 afl-tmin -i "$input" -o "$input.min" -m none -t 5000 -- "${serve[@]}" \
    >/dev/null 2>&1 || cp "$input" "$input.min"
}

run_$engine
found=0
for input in "$out"/findings/*; do
  [ -e "$input" ] || continue
  case $input in *.min) continue ;; esac
  found=$((found + 1))
  ! command -v afl-tmin >/dev/null || make_small "$input"
done
[ "$found" -eq 0 ] || { echo "$found findings in $out/findings; replay each with
  dotnet run -c Release --project fuzz/VmdkFast.Fuzz -- replay $target FILE" >&2; exit 1; }
