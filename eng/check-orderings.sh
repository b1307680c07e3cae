#!/usr/bin/env bash
# Removes each ordering that the engine relies on, once, and expects a test to fail: tests/orderings/*.patch.
# Works on a copy, so the product carries no switches. Arguments: names of patches; without any, all of them.
# One line per patch. Exit 1 when a patch survives, does not apply, or does not build.
set -u -o pipefail
cd "$(dirname "$0")/.."
root=$PWD
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
export DOTNET_CLI_UI_LANGUAGE=en NO_COLOR=1

# What git would keep, without histories and build output.
{ git ls-files -co --exclude-standard -- '*.props' '*.json' '*.sln' '.editorconfig' 'nuget.config' src generators tests fuzz samples; } | tar -cf - -T - | tar -xf - -C "$copy" || exit 1
cd "$copy" || exit 1
project=tests/VmdkFast.Tests
# Speed only: analyzers have judged the real tree, and an edit may leave something unused.
build=(dotnet build "$project" -c Release -nodeReuse:false -v q -p:RunAnalyzers=false -p:TreatWarningsAsErrors=false)
# Not through git's own repository: the copy lies outside of any.
apply() { GIT_CEILING_DIRECTORIES=$(dirname "$copy") git apply "$@"; }
run() { timeout 180 "$project/bin/Release/net10.0/VmdkFast.Tests" --no-ansi --filter-method "$@"; }

patches=()
if [ $# -eq 0 ]; then patches=(tests/orderings/*.patch); else
  for name in "$@"; do patches+=("tests/orderings/$(basename "$name" .patch).patch"); done
fi
log=$copy/log
if ! "${build[@]}" >"$log" 2>&1; then cat "$log"; echo "the tree without a patch does not build"; exit 1; fi

# The same tests pass on the tree as it is; else a failure below would prove nothing.
mapfile -t filters < <(sed -n '1s/^# test: //p' "${patches[@]}" | sort -u)
[ ${#filters[@]} -gt 0 ] || { echo "no patch names a test"; exit 1; }
for patch in "${patches[@]}"; do
  filter=$(sed -n '1s/^# test: //p' "$patch")
  [ -n "$filter" ] || { echo "$patch: its first line names no test"; exit 1; }
done
if ! run "${filters[@]}" >"$log" 2>&1; then cat "$log"; echo "the tests fail without a patch"; exit 1; fi

bad=0
for patch in "${patches[@]}"; do
  name=$(basename "$patch" .patch)
  filter=$(sed -n '1s/^# test: //p' "$patch")
  started=$SECONDS
  if ! apply "$patch" >"$log" 2>&1; then
    verdict='DOES NOT APPLY'
  else
    if ! "${build[@]}" >"$log" 2>&1; then
      verdict='DOES NOT BUILD'; grep -m 3 'error' "$log"
    else
      run "$filter" >"$log" 2>&1; rc=$?
      failed=$(sed -n 's/^failed \([^ (]*\).*/\1/p' "$log" | sed 's/.*\.//' | sort -u | paste -sd ' ')
      case $rc in
        0) verdict=SURVIVED ;;
        2) verdict="caught by $failed" ;;
        124) verdict='caught: a test hangs' ;;
        8) verdict='NO SUCH TEST' ;;
        *) verdict="the test program ended with $rc"; [ $rc -ge 128 ] || verdict="FAILED TO RUN ($rc)" ;;
      esac
    fi
    apply -R "$patch" || exit 1
  fi
  case $verdict in caught*|the*) ;; *) bad=$((bad + 1)) ;; esac
  printf '%-26s %s (%d s)\n' "$name" "$verdict" $((SECONDS - started))
done
echo "${#patches[@]} orderings removed, $bad unnoticed or broken"
[ "$bad" -eq 0 ]
