#!/bin/sh
# Prints the command that measures, on a machine that has NEON, the kernels whose loops tiles.sh counts; it is to be run
# in the folder of a build there, and makes a table too.
set -u
source=$(dirname "$0")
kernels=$(awk -F '[ |]+' '!/^#/ && !seen[$1]++ { printf "%s%s", between, $1; between = "|" }' "$source/tiles.list")
echo "./sgan-bench kernels --isa neon --json | grep -E '\"header\"|\"kernel\": ?\"($kernels)\"' |" \
	"awk -f $source/json.awk -f $source/table.awk"
