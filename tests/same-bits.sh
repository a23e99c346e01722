#!/bin/sh
# Four threads, twenty times: each time the bits of one thread, of training steps and of samples. An emulator on x86-64
# keeps that machine's order of memory: there this shows that the order of threads does not matter, not that the order
# of memory does not. src/exec/threads.c argues that.
set -eu

dir=$(mktemp -d "${TMPDIR:-/tmp}/sgan-same-bits.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
unset SGAN_ISA

run() { # sgan-cpu's arguments
	${SGAN_EMULATOR-} "${SGAN_CPU:?}" "$@" > "$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
}

train() { # out, options
	out=$1
	shift
	run train --quiet --preset "$abs_top_srcdir/tests/tiny.cfg" --data "$dir/squares" --out "$dir/$out" "$@"
}

sample() { # model's run, name, threads
	run sample --model "$1" --count 20 --seed 3 --threads "$3" --out "$dir/$2.npz"
}

sh "${abs_top_srcdir:?}/tests/squares.sh" "$dir/squares" 64 8
train encoder --stage encoder --steps 1 --threads 1
encoder=$dir/encoder/00000-tiny-squares
model=$dir/one/00000-tiny-squares
failed=0

begin() { # out, threads: two steps of all stacks
	train "$1" --stage independent --init "$encoder" --stop-after 2 --threads "$2"
}

begin one 1
sample "$model" one 1
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	begin "four-$i" 4
	sample "$model" four 4
	cmp "$model/checkpoint.safetensors" "$dir/four-$i/00000-tiny-squares/checkpoint.safetensors" || failed=1
	cmp "$dir/one.npz" "$dir/four.npz" || failed=1
done
[ "$failed" -eq 0 ] && echo "ok 20 times the same bits"
exit "$failed"
