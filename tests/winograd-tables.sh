#!/bin/sh
# kernels/winograd_tables.h is what kernels/winograd.awk makes.
set -u

: "${AWK:=awk}"
source=${abs_top_srcdir:?}
made=$(mktemp "${TMPDIR:-/tmp}/winograd-tables.XXXXXX") || exit 99
trap 'rm -f "$made"' EXIT
trap 'exit 1' HUP INT TERM

LC_ALL=C "$AWK" -f "$source/kernels/winograd.awk" >"$made" || exit 1
if ! cmp "$made" "$source/kernels/winograd_tables.h"; then
	diff "$made" "$source/kernels/winograd_tables.h"
	exit 1
fi
