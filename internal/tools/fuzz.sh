#!/usr/bin/env bash
# Usage: fuzz.sh TIME
# Lets each fuzz target run for TIME, such as 30s, and tells how many inputs it
# tried; of a target that fails, all that it says. With BEAM_FIGURES, a folder,
# the table is written there as well.
set -euo pipefail
log=$(mktemp)
table=$(mktemp)
trap 'rm -f "$log" "$table"' EXIT

echo "Fuzz targets: inputs tried in $1 each" >"$table"
grep -ro --include='*_test.go' '^func Fuzz[A-Za-z0-9]*' internal | sort |
  while IFS=: read -r file function; do
    target=${function#func }
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" -fuzzminimizetime 100x "./${file%/*}" >"$log" 2>&1 </dev/null ||
      { cat "$log"; exit 1; }
    awk -v target="$target" '/execs: / { sub(/.*execs: /, ""); tried = $1 } END { printf "%-16s %9d\n", target, tried }' "$log" >>"$table"
  done
echo >>"$table"
if [ -n "${BEAM_FIGURES:-}" ]; then
  cp "$table" "$BEAM_FIGURES/Fuzz targets"
fi
cat "$table"
