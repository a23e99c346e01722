#!/bin/sh
# The inner loops of the NEON set's tiles, from built objects: a table in Markdown, of what can be known without a
# machine that runs them.
#   bench/tiles.sh               the table; in the folder of a build for AArch64
#   bench/tiles.sh --write FILE  puts it between FILE's marks
#   bench/tiles.sh --check FILE  fails where what is between the marks is not the table, or where a loop misses its bar
# For each CPU: cycles of an iteration, as llvm-mca counts them, supposing that all is in the first level; how much of
# them the FMAs alone would take, 2 a cycle on Neoverse N1, 4 on V1 and V2 (Arm's Software Optimization Guides); and how
# much what is busiest would take, be it pipes, ports or the dispatch of instructions (cycles in mca.sh).
# The bars are in tiles.list; and nothing may be on the stack.
set -u
source=$(dirname "$0")
. "$source/mca.sh"

# row KERNEL TILE OBJECT FUNCTION PATTERN SHARE BOUND PERCENT
row()
{
	object=kernels/neon/libsgan_neon_la-$3.o
	[ -f "$object" ] || fail "no $object: this is not the folder of a build for AArch64"
	loop "$object" "$4" "$5"
	n1=$(cycles neoverse-n1) && v1=$(cycles neoverse-v1) && v2=$(cycles neoverse-v2) || exit 1
	awk -v name="$1" -v tile="$2" -v share="$6" -v bound="$7" -v percent="$8" -v n1="$n1" -v v1="$v1" -v v2="$v2" '
		function cell(both, pipes, part, of_fmas, of_busiest) {
			split(both, part)
			of_fmas = 100 * $2 / pipes / part[1]
			of_busiest = 100 * part[2] / part[1]
			missed = missed || (bound == "FMAs" ? of_fmas : of_busiest) < percent
			return sprintf(" %.1f: %.0f %%, %.0f %% |", part[1], of_fmas, of_busiest)
		}
		{
			missed = $3 > 0 || 100 * $2 / $1 < share
			printf "| `%s` | %s | %d | %d | %.1f %% | %d |", name, tile, $1, $2, 100 * $2 / $1, $3
			print cell(n1, 2) cell(v1, 4) cell(v2, 4)
			exit missed
		}' "$dir/counts" || missed="$missed, $1 $2"
}

table()
{
	echo "| kernel | tile | instructions | FMAs | share | stack | N1, cycles: FMAs, busiest | V1 | V2 |"
	echo "|---|---|---:|---:|---:|---:|---:|---:|---:|"
	missed=
	while IFS='|' read -r kernel tile object function pattern share bound percent; do
		case $kernel in '#'* | '') continue ;; esac
		row "${kernel%% *}" "$(echo $tile)" ${object} ${function} "$(echo $pattern)" ${share} ${bound} ${percent}
	done <"$source/tiles.list"
	echo "${missed#, }" >"$dir/missed"
}

begin='<!-- tiles.sh: begin -->'
end='<!-- tiles.sh: end -->'

# between FILE: what is between its marks
between()
{
	awk -v begin="$begin" -v end="$end" '$0 == end { inside = 0 } inside { print } $0 == begin { inside = 1 }' "$1"
}

table >"$dir/table" || exit 1
case ${1:-} in
'') cat "$dir/table" ;;
--write)
	awk -v begin="$begin" -v end="$end" -v table="$dir/table" '
		$0 == end { inside = 0 }
		!inside { print }
		$0 == begin { inside = 1; while ((getline line <table) > 0) print line }' "${2:?}" >"$dir/new" || exit 1
	cat "$dir/new" >"$2"
	;;
--check)
	between "${2:?}" | diff - "$dir/table" >"$dir/diff" || {
		cat "$dir/diff"
		fail "$2: the table is not of these objects: bench/tiles.sh --write $2"
	}
	[ -z "$(cat "$dir/missed")" ] || fail "these miss their bars: $(cat "$dir/missed")"
	;;
*) fail "unknown option $1" ;;
esac
