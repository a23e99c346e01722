#!/bin/sh
# bench/tiles.sh finds the inner loop with the most FMAs, counts it, and sees a table that is old and a loop that misses
# its bar. The disassembler and llvm-mca are stand-ins: neither tools nor objects for AArch64 are needed.
set -u

tiles=${abs_top_srcdir:?}/bench/tiles.sh
dir=$(mktemp -d "${TMPDIR:-/tmp}/sgan-tiles-test.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
failed=0

# expect NAME COMMAND...
expect()
{
	name=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		echo "ok $name"
	else
		failed=1
		echo "not ok $name"
		sed 's/^/    /' "$dir/out"
	fi
}

not()
{
	! "$@"
}

# listing CHOICE: a loop with 8 FMAs of 11 instructions, CHOICE among them; then one with 8 of 10, within another.
listing()
{
	for place in 0 4 8 c 10 14 18 1c 44 48 4c 50 54 58 5c 60; do
		[ $place != 44 ] || printf '  20:\tnop\n  24:\t%s\n  28:\tb.ne\t0 <tile>\n  40:\tmov\tx1, #0x1\n' "$1"
		printf '  %s:\tfmla\tv0.4s, v1.4s, v2.s[0]\n' $place
	done
	printf '  64:\tsubs\tx3, x3, #0x1\n  68:\tb.ne\t44 <tile+0x44>  // b.any\n  6c:\tcbnz\tx4, 40 <tile+0x40>\n  70:\tret\n'
}
listing 'csel	x0, x1, x2, eq' >"$dir/listing"
printf '#!/bin/sh\ncat "%s/listing"\n' "$dir" >"$dir/objdump"
cat >"$dir/mca" <<'SCRIPT'
#!/bin/sh
echo "Total Cycles: ${CYCLES:-4000}"
echo "Block RThroughput: 4.0"
SCRIPT
chmod +x "$dir/objdump" "$dir/mca"
OBJDUMP=$dir/objdump
LLVM_MCA=$dir/mca
export OBJDUMP LLVM_MCA

mkdir -p "$dir/build/kernels/neon" && cd "$dir/build" || exit 99
expect "objects that are not there are named" not "$tiles"
sed -n '/^#/!s/^[^|]*|[^|]*| *\([^ ]*\).*/\1/p' "$abs_top_srcdir/bench/tiles.list" | while read -r object; do
	: >"kernels/neon/libsgan_neon_la-$object.o"
done
expect "a table" "$tiles"
cp "$dir/out" "$dir/table"
expect "a row" grep -q '^| `gemm` | 10 × 8 | 10 | 8 | 80.0 % | 0 | 4.0: 100 %, 100 % | 4.0: 50 %, 100 % |' "$dir/table"

printf 'before\n<!-- tiles.sh: begin -->\nold\n<!-- tiles.sh: end -->\nafter\n' >"$dir/doc"
expect "an old table" not "$tiles" --check "$dir/doc"
expect "a table renewed" "$tiles" --write "$dir/doc"
expect "what is around it stays" test "$(sed -n '1p;$p' "$dir/doc" | tr '\n' ' ')" = "before after "
expect "pipes that wait" not "$tiles" --check "$dir/doc"
cp "$dir/out" "$dir/missed"
expect "the loops are named" grep -q 'miss their bars: gemm 10 × 8' "$dir/missed"
CYCLES=2000
export CYCLES
"$tiles" --write "$dir/doc"
expect "a table that is right" "$tiles" --check "$dir/doc"
listing 'csel	x0, x1, x2, eq // [sp' >"$dir/listing"
expect "what is no code" "$tiles" --check "$dir/doc"
listing 'csel	x0, [sp, #16]' >"$dir/listing" # no such instruction: what the pattern finds is on the stack
"$tiles" --write "$dir/doc"
expect "sums on the stack" not "$tiles" --check "$dir/doc"

command=$("$abs_top_srcdir/bench/measure_tiles.sh")
expect "a command that measures" test "${command#*igemm|runs|wgrad}" != "$command"
exit $failed
