#!/usr/bin/env bash
# Installs what the tests talk to, then runs every test project. Arguments go to `dotnet test`.
# The last line sums all projects: N passed, N failed, N skipped.
set -u -o pipefail
cd "$(dirname "$0")/.."
eng/install-peers.sh || exit 1
log=$(mktemp); trap 'rm -f "$log"' EXIT
export DOTNET_CLI_UI_LANGUAGE=en NO_COLOR=1
rc=0
# One project at a time: each uses all processors by itself, and some tests measure time.
dotnet test --solution VmdkFast.sln -c Release --no-ansi --no-progress --max-parallel-test-modules 1 "$@" 2>&1 |
  tee "$log" || rc=$?
sum() { awk -v k="$1" '/^Test run summary:/{v=""} $1==k":" && NF==2 {v=$2} END{print v+0}' "$log"; }
if grep -q '^Test run summary:' "$log"; then passed=$(sum succeeded) failed=$(sum failed) skipped=$(sum skipped)
else passed=0 failed=0 skipped=0; fi
if [ "$rc" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; echo "dotnet test exited with $rc"; fi
if [ "$rc" -eq 0 ] && [ $((passed + failed)) -eq 0 ]; then rc=8; failed=1; echo "no test ran"; fi
echo "$passed passed, $failed failed, $skipped skipped"
exit "$rc"
