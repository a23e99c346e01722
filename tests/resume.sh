#!/bin/sh
# A run of tests/tiny.cfg that is stopped and resumed, with other thread counts, ends in the files of one that was not.
# In an emulator (SGAN_EMULATOR) and under sanitizers, which are slow, the run and the list of others are shorter.
set -eu

cpu=${SGAN_CPU:-./sgan-cpu}
dir=$(mktemp -d "${TMPDIR:-/tmp}/sgan-resume.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
unset SGAN_ISA

train() { # out, options
	out=$1
	shift
	${SGAN_EMULATOR-} "$cpu" train --quiet --out "$dir/$out" "$@" > "$dir/last-run"
}

if [ -n "${SGAN_EMULATOR-}${SANITIZER_CFLAGS-}" ]; then
	steps=4 batch=8 interval=3 first=2 then=3 files=8 train=32 test=8 hash=5234b57c4ad7905a
	others=changing more=
else
	# 120 test images are enough for a test accuracy that warnings go by.
	steps=20 batch=20 interval=7 first=10 then=15 files=10 train=160 test=120 hash=9618f9cccd59bd3a
	others="one stopped changing" more="warned alone"
fi

. "${abs_top_srcdir:?}/tests/same-run.sh"

all_settings "$dir/all.cfg"

begin() { # out, options: a new run
	out=$1
	shift
	train "$out" --preset "$dir/all.cfg" --data "$dir/squares" --steps $steps --set batch=$batch \
		--set log_interval=$interval --set lr_end=1e-5 --set encoder.flip=true --set encoder.shift=3 "$@"
}

sh "${abs_top_srcdir:?}/tests/squares.sh" "$dir/squares" $train $test
failed=0

# Numbers are read and written with points, whatever the caller's language.
(
	export LC_ALL=C
	begin straight --threads 2
)

# The other runs, by their names.
one() {
	begin one --threads 1
}

# stopped after 10, 25 and 40 of its 60 steps; where that is slow, after 2, 5 and 8 of 12
stopped() {
	begin stopped --threads 2 --stop-after $first
	train stopped --resume latest --threads 2 --stop-after $then
	train stopped --resume latest --threads 2 --stop-after $then
	train stopped --resume latest --threads 2
}

changing() {
	begin changing --threads 1 --stop-after $first
	train changing --resume latest --threads 2 --stop-after $then
	train changing --resume latest --threads 3 --stop-after $then
	train changing --resume latest --threads 1
}

# The encoder, whose stage the first call ended, learns nothing; the second call is told of it at its end. As drawn, one in
# six is right more often than chance; this seed's is not.
warned() {
	begin warned --threads 2 --seed 2 --set encoder.lr=1e-12 --set encoder.lr_end=1e-12 --steps 4 --stop-after 6 2> "$dir/first"
	train warned --resume latest --threads 2 2> "$dir/second"
	for file in first second; do
		grep -q "encoder, still in its last epoch, .*that of chance" "$dir/$file" ||
			{ echo "the $file call's warnings:"; cat "$dir/$file"; failed=1; }
	done
}

# Nothing needs the encoder of one GAN that is held to nothing: there is no such stage, and none to compare images by.
alone() {
	cat > "$dir/alone.cfg" <<'CFG'
base = "mnist";
lambda_cond = 0.0;
remove = [ "stacks.[1]", "stacks.[0].generator.hz", "stacks.[0].generator.h" ];
set = [ "stacks.[0].cut=fc4", "stacks.[0].condition=cross_entropy" ];
CFG
	for stage in no_joint independent; do
		"$cpu" train --dry-run --preset "$dir/alone.cfg" --stage "$stage" --data "$dir/squares" > "$dir/plan"
		[ "$(grep -c '^stage ' "$dir/plan")" -eq 1 ] && grep -q '^stage *independent' "$dir/plan" ||
			{ echo "the plan of $stage:"; cat "$dir/plan"; failed=1; }
	done
	train alone --preset "$dir/alone.cfg" --stage independent --data "$dir/squares" --steps 1
	"$cpu" sample --runs "$dir/alone" --model latest --count 2 --out "$dir/alone.npz" || failed=1
	"$cpu" sample --runs "$dir/alone" --model latest --nearest --data "$dir/squares" --count 2 --out "$dir/near.png" \
		2> "$dir/refused" && { echo "--nearest without an encoder"; failed=1; }
	grep -q 'has no trained encoder' "$dir/refused" || { cat "$dir/refused"; failed=1; }
}

for other in $others $more; do
	$other
done

# The data's hash, as runs have it whose labels were bytes: else they could not go on.
grep -aq "\"data_hash\":\"$hash\"" "$dir"/straight/00000-*/checkpoint.safetensors ||
	{ echo "another hash of the same data than $hash"; failed=1; }

grep -E '[0-9],[0-9]' "$dir"/changing/00000-*/stats.jsonl && failed=1

for out in $others; do
	same straight "$out" $files
	[ "$failed" -eq 0 ] && echo "ok $out" || echo "not ok $out"
done
exit "$failed"
