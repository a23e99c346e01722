# What tiles.sh and tile_candidates.sh share: inner loops of AArch64 objects, counted by tiles.awk and timed by llvm-mca.
# Sourced by them, with `source` set to this folder.
# shellcheck shell=sh disable=SC2154
LC_ALL=C
export LC_ALL
mca=${LLVM_MCA:-llvm-mca-19}
objdump=${OBJDUMP:-aarch64-linux-gnu-objdump}
dir=$(mktemp -d "${TMPDIR:-/tmp}/sgan-tiles.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

fail()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

# loop OBJECT FUNCTION PATTERN: the function's inner loop in $dir/body; in $dir/counts its instructions, FMAs and accesses
# to the stack
loop()
{
	"$objdump" -d --no-show-raw-insn --disassemble="$2" "$1" |
		awk -v body="$dir/body" -v pattern="$3" -f "$source/tiles.awk" >"$dir/counts" || fail "$1: no loop in $2"
}

# cycles CPU: of one iteration of the loop in $dir/body; and the least that they could be: llvm-mca's "Block RThroughput",
# or what its vector pipes (units V0, V1, ...) have to do together, whose share of stores it does not count
cycles()
{
	"$mca" -mtriple=aarch64 -mcpu="$1" -iterations=1000 "$dir/body" 2>"$dir/err" | awk '
		/^Total Cycles:/ { cycles = $3 / 1000 }
		/^Block RThroughput:/ { least = $3 }
		/^\[[0-9.]+\] +- .*UnitV[0-9]+$/ { vector[$1] = 1; pipes++ }
		pressure == 1 { for (i = 1; i <= NF; i++) column[i] = $i; pressure = 2; next }
		pressure == 2 { for (i = 1; i <= NF; i++) if (column[i] in vector) work += $i; pressure = 0 }
		/^Resource pressure per iteration:/ { pressure = 1 }
		END {
			if (work > least * pipes) least = work / pipes
			print cycles, least
			exit !cycles
		}' || fail "$mca: $(head -n 1 "$dir/err")"
}
