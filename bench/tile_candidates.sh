#!/bin/sh
# The tiles that gemm could have on NEON, compared before one is written out: a table in Markdown, from
# tile_candidates.c compiled for each. Needs AArch64's compiler (CC) and objdump (OBJDUMP), and llvm-mca-19 (LLVM_MCA).
set -u
source=$(dirname "$0")
. "$source/mca.sh"
cc=${CC:-aarch64-linux-gnu-gcc}

# candidate ROWS VECTORS TOGETHER
candidate()
{
	# $cc may have options of its own.
	$cc -std=gnu11 -O2 -ffp-contract=off -fno-schedule-insns -I"$source/.." -I"$source/../include" \
		-DROWS="$1" -DVECTORS="$2" -DTOGETHER="$3" -c "$source/tile_candidates.c" -o "$dir/candidate.o" || exit 1
	loop "$dir/candidate.o" candidate ''
	n1=$(cycles neoverse-n1) && v1=$(cycles neoverse-v1) || exit 1
	awk -v rows="$1" -v vectors="$2" -v together="$3" -v n1="$n1" -v v1="$v1" '{
		tile = rows " × " 4 * vectors (together < vectors ? ", " together " vectors at a time" : "")
		printf "| %s | %d | %.2f | %.0f %% | %d | %d | %.1f | %.1f | %.1f |\n", tile,
			rows * vectors + rows + together, (rows + 4 * vectors) / $2, 100 * $2 / $1, $3, $2 / 2, n1, v1,
			64 * vectors / ($2 / 4)
	}' "$dir/counts"
}

echo "| tile | registers | loads for each FMA | FMAs of all instructions | of the stack | N1, cycles of four steps: FMAs alone |" \
	"llvm-mca | V1 | of a panel, bytes a cycle, V1 |"
echo "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
while read -r rows vectors together; do
	candidate "$rows" "$vectors" "$together"
done <<'TILES'
8 2 2
10 2 2
7 3 3
6 4 2
4 6 2
8 3 3
12 2 2
TILES
