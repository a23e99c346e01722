#!/bin/sh
# sgan-bench on the smallest of work: every benchmark's lines have the fields that its documentation names, wrong
# options are refused, tables and plots come out of its lines. No speed is asked for.
set -u

bench=${abs_top_builddir:?}/sgan-bench
if [ -n "${SGAN_EMULATOR-}" ]; then
	# In an emulator one row, whose time means nothing; what is refused and printed is the same on every machine.
	exec $SGAN_EMULATOR "$bench" layers --preset "$abs_top_srcdir/tests/tiny.cfg" --layer fcz --pass fwd --runs 1 --batch 8
fi
source=${abs_top_srcdir:?}/bench
dir=$(mktemp -d "${TMPDIR:-/tmp}/sgan-bench.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
LC_ALL=C
export LC_ALL
# sgan-bench remarks on stderr that it ignores these, where one line of error is looked for below.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
failed=0

ok()
{
	echo "ok $1"
}

not_ok()
{
	failed=$((failed + 1))
	echo "not ok $1"
	sed 's/^/    /' "$dir/out" "$dir/err"
}

# fields NAME PATTERN FIELDS ARGUMENTS...: of the lines with PATTERN there is one, and each has every field
fields()
{
	name=$1 pattern=$2 wanted=$3
	shift 3
	if ! "$bench" "$@" --json >"$dir/out" 2>"$dir/err" || ! grep -q "$pattern" "$dir/out"; then
		not_ok "$name"
		return
	fi
	for field in $wanted; do
		if grep "$pattern" "$dir/out" | grep -qv "\"$field\":"; then
			not_ok "$name: a line without $field"
			return
		fi
	done
	ok "$name"
}

# refused STATUS TEXT ARGUMENTS...: one line on stderr, with TEXT in it
refused()
{
	status=$1 text=$2
	shift 2
	"$bench" "$@" >"$dir/out" 2>"$dir/err"
	if [ $? -eq "$status" ] && [ "$(wc -l <"$dir/err")" -eq 1 ] && grep -q -e "$text" "$dir/err"; then
		ok "refused: $*"
	else
		not_ok "refused: $*"
	fi
}

common="isa threads batch ms gflops percent_of_peak"
fields "layers" '^{"layer"' "layer pass algorithm $common" layers --layer fcz --runs 1 --batch 3
cp "$dir/out" "$dir/layers"
fields "gemm" '^{"layer"' "layer pass $common" gemm --layer fcz --runs 1 --batch 3
fields "step" '^{"step"' "step isa threads batch ms images_per_second gflops percent_of_peak" \
	step --stage encoder --runs 1 --batch 3
fields "one stack" '^{"step"' "step ms images_per_second" step --stage independent --stack 1 --runs 1 --batch 3
fields "an encoder that tells turns" '^{"step"' "step ms" step --preset mnist-nolabels --stage encoder --runs 1 --batch 5
fields "sample" '^{"step"' "ms images_per_second" sample --runs 1 --batch 3
fields "regions" '^{"region"' "threads us work_us" threads --runs 1 --batch 3 --preset "$abs_top_srcdir/tests/tiny.cfg"
fields "steps beside busy programs" '^{"step"' "threads busy_programs quiet_ms ms ratio" \
	threads --runs 1 --batch 3 --preset "$abs_top_srcdir/tests/tiny.cfg"
fields "a step of many threads" '^{"scale".*"modelled"' "how sockets ms compute_ms memory_ms between_ms speedup efficiency" \
	scale --runs 1 --batch 3 --preset "$abs_top_srcdir/tests/tiny.cfg"
fields "several machines" '^{"machines"' "bytes rounds compute_ms hours" scale --runs 1 --batch 3 \
	--preset "$abs_top_srcdir/tests/tiny.cfg"
fields "bytes of several processes" '^{"bytes"' "most all rounds" bytes --batch 3 --preset "$abs_top_srcdir/tests/tiny.cfg"

# Each row of kernels.def on each set of the build and machine.
if "$bench" kernels --runs 1 --json >"$dir/kernels" 2>"$dir/err"; then
	sed -n 's/^SGAN_KERNEL(\([a-z0-9_]*\),.*/\1/p' "$source/../kernels/kernels.def" >"$dir/rows"
	for isa in $("${SGAN_CPU:?}" info | awk '$1 == "isa" && $3 == "usable" { print $2 }'); do
		while read -r row; do
			grep "\"kernel\":\"$row\",.*\"isa\":\"$isa\"" "$dir/kernels" | grep '"warm_ns":' | grep -q '"cold_ns":' ||
				echo "$row, $isa: no line"
		done <"$dir/rows"
	done >"$dir/err"
	[ -s "$dir/rows" ] || echo "kernels.def: no rows" >>"$dir/err"
else
	echo "kernels --runs 1: exit status not 0" >>"$dir/err"
fi
: >"$dir/out"
if [ ! -s "$dir/err" ]; then ok "each kernel, each set"; else not_ok "each kernel, each set"; fi
fields "a kernel's rates" '^{"kernel"' "kernel shape isa threads flop bytes warm_ns warm_gflops cold_ns cold_gflops" \
	kernels --kernel gemm --runs 1
fields "rates of memory" '^{"kernel"' "bytes warm_gb_per_second cold_gb_per_second" kernels --kernel act_grad --runs 1
if "$bench" kernels --kernel "dots m" --isa generic --runs 1 --json 2>"$dir/err" | tee "$dir/out" |
	awk '/"kernel":"dots",.*"isa":"generic"/ { found = 1 } !/"dots"|"header"|"drift"/ { other = 1 }
		END { exit !found || other }'; then
	ok "kernels by name, of one set"
else
	not_ok "kernels by name, of one set"
fi

refused 2 frobnicate frobnicate
refused 2 sideways layers --pass sideways
refused 2 nobody layers --peer nobody
refused 2 packing layers --packing
refused 2 0 layers --batch 0
refused 1 nothing layers --layer nothing
refused 1 nothing kernels --kernel nothing
refused 1 missing.cfg step --preset ./missing.cfg

# What would make OpenBLAS compute with another machine's kernels is ignored, and said to be.
if OPENBLAS_CORETYPE=Prescott "$bench" gemm --layer fcz --runs 1 --batch 3 >"$dir/out" 2>"$dir/err" &&
	grep -q 'OPENBLAS_CORETYPE=Prescott is ignored' "$dir/err"; then
	ok "OPENBLAS_CORETYPE"
else
	not_ok "OPENBLAS_CORETYPE"
fi

if [ "$("$bench" layers --layer E.conv1 --pass fwd --algorithms --runs 1 --batch 3 --json 2>"$dir/err" |
	grep -c -e '"algorithm":"runs"' -e '"algorithm":"batch"' -e '"algorithm":"indirect"')" -eq 3 ]; then
	ok "each algorithm"
else
	not_ok "each algorithm"
fi
if [ "$("$bench" layers --layer deconv1 --runs 1 --batch 3 --json 2>"$dir/err" |
	awk -f "$source/json.awk" -f "$source/plot.awk" | tee "$dir/out" | grep -c -e '^<svg' -e '^</svg>')" -eq 2 ]; then
	ok "a plot"
else
	not_ok "a plot"
fi
awk -f "$source/json.awk" -f "$source/table.awk" "$dir/layers" >"$dir/out" 2>"$dir/err"
if [ "$(grep -c '^| G0.fcz' "$dir/out")" -eq 3 ]; then ok "a table"; else not_ok "a table"; fi
awk -f "$source/json.awk" -f "$source/table.awk" "$dir/kernels" >"$dir/out" 2>"$dir/err"
if [ "$(grep -c '^| igemm | .* GFLOP/s | .* GFLOP/s |' "$dir/out")" -ge 2 ]; then
	ok "a table of kernels"
else
	not_ok "a table of kernels"
fi

[ $failed -eq 0 ]
