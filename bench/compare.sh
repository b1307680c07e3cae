#!/usr/bin/env bash
# Whole commands against their peers, in turn, on an image made of real files: bench/compare.sh [CASE...]
# Cases: raw-to-stream stream-to-raw export-to-raw sparse-to-raw sparse-to-sparse raw-to-sparse sparse-to-stream compare
# compare-stream hash-sha256 hash-xxh128, and writes, which measures writes; without cases everything is measured.
# Writes bench/results/compare.json, compare.md, compare.svg and writes.md. Exits 1 when a command fails or two outputs
# differ.
#
#   TURNS=5            runs of each command
#   WORK=folder        where images are; kept when given, so that a second run need not build them
#   CONTENT_MIB=1024   files taken from SOURCE (/usr), in an ext4 file system of IMAGE_MIB=2048
#   RESULTS=folder     where the results go (bench/results)
#   VMDKFAST=file      the command to measure; published from src/VmdkFast.Cli when not given
#   VMDK_CONVERT=file  open-vmdk's vmdk-convert, DISCUTILS_BENCH=file  a program SRC DST: measured when given
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
: "${TURNS:=5}" "${CONTENT_MIB:=1024}" "${IMAGE_MIB:=2048}" "${SOURCE:=/usr}" "${RESULTS:=$root/bench/results}"
wanted=" $* "
mkdir -p artifacts "$RESULTS"
if [ -n "${WORK:-}" ]; then
  mkdir -p "$WORK"; WORK=$(cd "$WORK" && pwd)
else
  WORK=$(mktemp -d "$root/artifacts/compare.XXXXXX"); trap 'rm -rf "$WORK"' EXIT
fi
fail() { echo "compare.sh: $*" >&2; exit 1; }
for program in qemu-img mkfs.ext4 python3 dotnet; do
  command -v "$program" >/dev/null || fail "$program is missing (eng/install-peers.sh)"
done
export LC_ALL=C

raw=$WORK/disk.raw sparse=$WORK/sparse.vmdk stream=$WORK/stream.vmdk out=$WORK/out runs=$WORK/runs.tsv
exported=$WORK/exported.vmdk extracted=$WORK/extracted
: >"$runs"

# --- What is compared ---------------------------------------------------------------------------------------------
# row CASE KIND LABEL COMMAND...   KIND of the output: raw, vmdk, or none. A label that begins with "ours" is ours; of
# the others the best counts. $out is deleted after each run.
has_library() { ldconfig -p | grep -q "$1"; }

cases() {
  local codec from="qemu-img convert -f vmdk -O raw" into="qemu-img convert -O vmdk -o"
  local libdeflate="env VMDKFAST_CODEC=libdeflate $ours" zlib="env VMDKFAST_CODEC=zlib $ours"
  local stream_options="-O vmdk -o subformat=streamOptimized" sparse_options="-O vmdk -o subformat=monolithicSparse"

  row raw-to-stream vmdk ours-libdeflate "$libdeflate convert -f raw $stream_options $raw $out"
  row raw-to-stream vmdk qemu            "$into subformat=streamOptimized -f raw $raw $out"
  row raw-to-stream vmdk ours-zlib       "$zlib convert -f raw $stream_options $raw $out"
  row raw-to-stream vmdk qemu-W-m16      "$into subformat=streamOptimized -W -m 16 -f raw $raw $out"
  row raw-to-stream vmdk ours-fast-libdeflate "$libdeflate convert --level fastest -f raw $stream_options $raw $out"
  if has_library libisal.so.2; then
    row raw-to-stream vmdk ours-fast-isal \
      "env VMDKFAST_CODEC=isal $ours convert --level fastest -f raw $stream_options $raw $out"
  fi
  [ -z "${VMDK_CONVERT:-}" ] || row raw-to-stream vmdk vmdk-convert "$VMDK_CONVERT -c 6 $raw $out"

  for codec in zlib libdeflate; do
    row stream-to-raw raw ours-$codec "env VMDKFAST_CODEC=$codec $ours convert -O raw $stream $out"
    row sparse-to-raw raw ours-$codec "env VMDKFAST_CODEC=$codec $ours convert -O raw $sparse $out"
  done
  row stream-to-raw raw qemu       "$from $stream $out"
  row stream-to-raw raw qemu-W-m16 "$from -W -m 16 $stream $out"
  row sparse-to-raw raw qemu       "$from $sparse $out"
  row sparse-to-raw raw qemu-W-m16 "$from -W -m 16 $sparse $out"

  # 7-Zip does not open the streams of QEMU, so here the input is one of ours, in the layout of VMware's exports.
  for codec in zlib libdeflate; do
    row export-to-raw raw ours-$codec "env VMDKFAST_CODEC=$codec $ours convert -O raw $exported $out"
  done
  row export-to-raw raw qemu       "$from $exported $out"
  row export-to-raw raw qemu-W-m16 "$from -W -m 16 $exported $out"
  if command -v 7zz >/dev/null; then row export-to-raw raw 7zz "7zz x -tVMDK -y -bd -o$extracted $exported"; fi
  [ -z "${DISCUTILS_BENCH:-}" ] || row stream-to-raw raw discutils "$DISCUTILS_BENCH $stream $out"

  row sparse-to-sparse vmdk ours       "$ours convert $sparse_options $sparse $out"
  row sparse-to-sparse vmdk qemu       "$into subformat=monolithicSparse -f vmdk $sparse $out"
  row sparse-to-sparse vmdk qemu-W-m16 "$into subformat=monolithicSparse -W -m 16 -f vmdk $sparse $out"
  row raw-to-sparse vmdk ours          "$ours convert -f raw $sparse_options $raw $out"
  row raw-to-sparse vmdk qemu          "$into subformat=monolithicSparse -f raw $raw $out"
  row raw-to-sparse vmdk qemu-W-m16    "$into subformat=monolithicSparse -W -m 16 -f raw $raw $out"
  if [ -n "${VMDK_CONVERT:-}" ]; then
    row sparse-to-stream vmdk ours         "$ours convert $stream_options $sparse $out"
    row sparse-to-stream vmdk vmdk-convert "$VMDK_CONVERT -c 6 $sparse $out"
  fi

  row compare none ours        "$ours compare -F raw $sparse $raw"
  row compare none qemu        "qemu-img compare -f vmdk -F raw $sparse $raw"
  row compare-stream none ours "$ours compare -F raw $stream $raw"
  row compare-stream none qemu "qemu-img compare -f vmdk -F raw $stream $raw"

  row hash-sha256 none ours      "$ours hash --algorithm sha256 $sparse"
  row hash-sha256 none sha256sum "sha256sum $raw"
  row hash-xxh128 none ours      "$ours hash $sparse"
  if command -v xxh128sum >/dev/null; then row hash-xxh128 none xxh128sum "xxh128sum $raw"; fi
}

# --- The image ----------------------------------------------------------------------------------------------------
build_image() {
  [ -s "$WORK/complete" ] && [ -s "$exported" ] && return
  echo "building the image: ${CONTENT_MIB} MiB of $SOURCE in ${IMAGE_MIB} MiB of ext4" >&2
  rm -rf "$WORK/files" "$raw"; mkdir "$WORK/files"
  local budget=$((CONTENT_MIB << 20)) left size folder
  left=$budget
  # Folders in the order of their names, as long as they fit: a mix of programs, libraries and text.
  while read -r folder; do
    size=$(du -sb "$folder" | cut -f1)
    [ "$size" -le "$left" ] || continue
    mkdir -p "$WORK/files/$(dirname "${folder#"$SOURCE"/}")"
    cp -a "$folder" "$WORK/files/${folder#"$SOURCE"/}"
    left=$((left - size))
    [ "$left" -gt $((budget / 50)) ] || break
  done < <(find "$SOURCE" -mindepth 2 -maxdepth 2 -type d | sort)
  truncate -s "${IMAGE_MIB}M" "$raw"
  mkfs.ext4 -q -F -d "$WORK/files" "$raw"
  rm -rf "$WORK/files"
  qemu-img convert -f raw -O vmdk -o subformat=monolithicSparse "$raw" "$sparse"
  qemu-img convert -W -m 16 -f raw -O vmdk -o subformat=streamOptimized "$raw" "$stream"
  VMDKFAST_CODEC=zlib "$ours" convert -f raw -O vmdk -o subformat=streamOptimized "$raw" "$exported"
  echo "$(((budget - left) >> 20)) MiB" >"$WORK/complete"
}

# --- Running ------------------------------------------------------------------------------------------------------
declare -a table=()
row() { [ "$wanted" = "  " ] || [[ $wanted == *" $1 "* ]] || return 0; table+=("$1|$2|$3|$4"); }

# Prints "seconds KiB". GNU time starts small; a child of python would count python's memory before its exec.
measure() {
  local start end memory=$WORK/memory
  # Under a hypervisor that takes freed memory back, a run would pay for getting its page cache again, by how long the
  # run before it was: that much cache is filled and freed first, for both sides alike. In the same file system: its
  # cache takes larger pages than a tmpfs, and a run then took up to three times as long.
  dd if=/dev/zero of="$WORK/warm" bs=512K count=$((CONTENT_MIB * 3)) status=none; rm -f "$WORK/warm"
  sync
  start=$EPOCHREALTIME
  if [ -x /usr/bin/time ]; then
    /usr/bin/time -q -f %M -o "$memory" "$@" >"$WORK/log" 2>&1 </dev/null || return 1
    end=$EPOCHREALTIME
  else
    python3 -c 'import os,sys,subprocess
p=subprocess.Popen(sys.argv[2:]); _,status,use=os.wait4(p.pid,0)
open(sys.argv[1],"w").write(str(use.ru_maxrss)); sys.exit(status!=0)' "$memory" "$@" \
      >"$WORK/log" 2>&1 </dev/null || return 1
    end=$EPOCHREALTIME
  fi
  echo "$(((${end/./} - ${start/./}))) $(tail -n 1 "$memory")"
}

check() {
  case $1 in
    raw) cmp "$raw" "$out" ;;
    vmdk) qemu-img compare -q -f raw -F vmdk "$raw" "$out" ;;
    none) [ ! -e "$out" ] ;;
    *) false ;;
  esac
}

run_all() {
  local turn entry name kind label command result bytes
  local -a words
  for ((turn = 1; turn <= TURNS; turn++)); do
    for entry in "${table[@]}"; do
      IFS='|' read -r name kind label command <<<"$entry"
      read -ra words <<<"$command"
      rm -rf "$out" "$extracted"
      result=$(measure "${words[@]}") || { cat "$WORK/log" >&2; fail "$name, $label failed: $command"; }
      # 7-Zip names the file that it makes.
      if [ -d "$extracted" ]; then mv "$extracted"/* "$out"; fi
      if [ "$turn" -eq 1 ]; then
        check "$kind" || fail "$name, $label: the output is not the disk"
      fi
      bytes=0
      if [ -e "$out" ]; then bytes=$(stat -c %s "$out"); fi
      rm -rf "$out" "$extracted"
      printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$label" ${result} "$bytes" "$command" >>"$runs"
      echo "$turn/$TURNS $name $label: $((${result% *} / 1000)) ms, $((${result#* } / 1024)) MiB" >&2
    done
  done
}

[[ $WORK != *[[:space:]\|]* ]] || fail "the work folder's name must not contain blanks"
if [ -n "${VMDKFAST:-}" ]; then
  ours=$(realpath "$VMDKFAST")
else
  dotnet publish src/VmdkFast.Cli -c Release -v q -nodeReuse:false -o artifacts/compare-cli >&2
  ours=$root/artifacts/compare-cli/vmdkfast
fi
[ -x "$ours" ] || fail "$ours is missing"
[[ $ours != *[[:space:]\|]* ]] || fail "the command's path must not contain blanks"

measure_cases() {
  build_image
  cat "$raw" "$sparse" "$stream" "$exported" >/dev/null   # every run finds its input in the page cache
  run_all

  echo "measuring the limits of the machine" >&2
  dotnet bench/VmdkFast.Benchmarks/bin/Release/net10.0/VmdkFast.Benchmarks.dll \
    limits "$sparse" "$stream" "$out" "$TURNS" >"$WORK/limits.json"

  COMMIT=$(git describe --always --dirty --exclude '*') CONTENT=$(cat "$WORK/complete") OURS=$ours \
    python3 bench/compare_report.py "$WORK" "$RESULTS"
  cat "$RESULTS/compare.md"
}

cases
[ "${#table[@]}" -gt 0 ] || [ "$wanted" = " writes " ] || fail "no such case"
dotnet build bench/VmdkFast.Benchmarks -c Release -v q -nodeReuse:false >&2
[ "${#table[@]}" -eq 0 ] || measure_cases
if [[ $wanted == "  " || $wanted == *" writes "* ]]; then
  echo "measuring writes against bare ones and qemu-img bench" >&2
  dotnet bench/VmdkFast.Benchmarks/bin/Release/net10.0/VmdkFast.Benchmarks.dll writes --turns 3 --writes 10000 \
    >"$WORK/writes"
  { echo "# Writes of this library against bare writes at the same file offsets, and qemu-img bench"; echo; cat "$WORK/writes"; } >"$RESULTS/writes.md"
  cat "$RESULTS/writes.md"
fi
