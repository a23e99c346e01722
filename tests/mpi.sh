#!/bin/sh
# Several processes that train one model, where the build has MPI (SGAN_MPIRUN starts them): any number of them, of any
# number of threads, stopped and resumed with others, end in the files of one; signals to one stop all; one that is killed
# ends all, and its run goes on to the same files; they send as many bytes as sgan-bench says.
#
# SGAN_MPI_KILLS: how often one of them is killed (3).
set -eu

cpu=${SGAN_CPU:-./sgan-cpu}
[ -n "${SGAN_MPIRUN-}" ] || { echo "this build has no MPI (configure --with-mpi)"; exit 77; }
command -v "$SGAN_MPIRUN" > /dev/null || { echo "there is no $SGAN_MPIRUN"; exit 77; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/sgan-mpi.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
unset SGAN_ISA OMP_NUM_THREADS
# Open MPI's: more processes than CPUs, and root; what follows `mpirun -n` is for any launcher.
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# Leaks of MPI's own are not looked for.
export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS-}"
failed=0
. "${abs_top_srcdir:?}/tests/same-run.sh"

fail() {
	echo "FAILED: $1"
	failed=1
}

# Processes, or 1 without a launcher, of so many threads.
train() { # processes, threads, out, options
	n=$1 threads=$2 out=$3
	shift 3
	if [ "$n" -eq 1 ]; then
		"$cpu" train --quiet --threads "$threads" --out "$dir/$out" "$@" < /dev/null
	else
		"$SGAN_MPIRUN" -n "$n" "$cpu" train --quiet --threads "$threads" --out "$dir/$out" "$@" < /dev/null
	fi
}

all_settings "$dir/all.cfg"
sh "${abs_top_srcdir:?}/tests/squares.sh" "$dir/squares" 160 120

# 18 images in 4 slices are 4 or 5 a slice.
begin() { # processes, threads, out, options: a new run
	n=$1 threads=$2 out=$3
	shift 3
	train "$n" "$threads" "$out" --preset "$dir/all.cfg" --data "$dir/squares" --steps 20 --set batch=18 \
		--set log_interval=7 --set lr_end=1e-5 --set encoder.flip=true --set encoder.shift=3 "$@"
}

# --- the same files -----------------------------------------------------------

begin 1 1 straight > "$dir/out"
for how in "2 1" "2 2" "4 1" "4 2"; do
	set -- $how
	begin "$1" "$2" "of-$1-$2" > "$dir/out"
	[ "$(wc -l < "$dir/out")" -eq 1 ] || fail "$1 processes print $(wc -l < "$dir/out") folders"
	same straight "of-$1-$2" 10
	grep -q "\"ranks\": *$1" "$dir/of-$1-$2"/00000-*/stats.jsonl || fail "the log does not say how many processes there were"
done

# stopped after 10, 25 and 40 of its 60 steps
begin 2 1 changing --stop-after 10 > "$dir/out"
train 4 1 changing --resume latest --stop-after 15 > "$dir/out"
train 1 2 changing --resume latest --stop-after 15 > "$dir/out"
train 3 2 changing --resume latest > "$dir/out"
same straight changing 10

# One that is done, and given more.
few="--preset $abs_top_srcdir/tests/tiny.cfg --data $dir/squares --set batch=80 --epochs 1"
# shellcheck disable=SC2086 # a list of words
train 1 1 at-once $few --set joint.epochs=2 > "$dir/out"
# shellcheck disable=SC2086
train 2 1 more $few > "$dir/out"
train 3 1 more --resume latest --epochs 2 > "$dir/out"
train 2 1 more --resume latest --epochs 2 > "$dir/out" 2> "$dir/errors"
for file in checkpoint.safetensors joint.safetensors; do
	cmp "$dir"/at-once/00000-*/$file "$dir"/more/00000-*/$file || fail "more epochs end in another $file"
done

# --- refusals -----------------------------------------------------------------

refused() { # what, then a call that must fail with one line of ours that says it
	what=$1
	shift
	if "$@" > "$dir/out" 2> "$dir/errors"; then
		fail "not refused: $what"
	fi
	[ "$(grep -c '^sgan-cpu: ' "$dir/errors")" -eq 1 ] && grep -q "^sgan-cpu: .*$what" "$dir/errors" ||
		{ fail "refused with other words than: $what"; cat "$dir/errors"; }
}

refused "5 processes for batches of 4 slices" begin 5 1 refused
[ ! -e "$dir/refused" ] || fail "5 processes have made a run"
refused "3 processes for batches of 2 slices" begin 3 1 refused --set slices=2
refused "unknown option '--nonsense'" begin 2 1 refused --nonsense
refused "cannot open the dataset" train 2 1 refused --preset "$dir/all.cfg" --data "$dir/nothing"
# thirty layers with large weights: values beyond what floats hold
{
	echo 'base = "classifier-mnist"; name = "deep"; encoder: { init = "normal"; init_std = 10.0; layers = ('
	echo '{ type = "input"; name = "x"; shape = [ 28, 28, 1 ]; },'
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
		echo "{ type = \"dense\"; name = \"deep$i\"; out = 32; act = \"relu\"; },"
	done
	echo '{ type = "dense"; name = "out"; out = 10; } ); };'
} > "$dir/deep.cfg"
refused "is not finite at step 1 of stage encoder" train 2 1 diverged --preset "$dir/deep.cfg" --data "$dir/squares" \
	--set batch=8 --steps 2

# --- bytes --------------------------------------------------------------------

# What three steps more send, by the program's own calls of MPI, is three times what sgan-bench counts for one.
sent() { # processes, steps
	rm -rf "$dir/sent"*
	"$SGAN_MPIRUN" -n "$1" env LD_PRELOAD="$dir/bytes.so" SGAN_MPI_BYTES="$dir/sent." "$cpu" train --quiet --threads 1 \
		--preset "$abs_top_srcdir/tests/tiny.cfg" --data "$dir/squares" --stage no_joint --set batch=18 \
		--set encoder.steps=1 --set "independent.steps=$2" --set log_interval=1000 --out "$dir/sent" < /dev/null > "$dir/out" 2>&1
	cat "$dir/sent."* | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

bench=${abs_top_builddir:-.}/sgan-bench
if [ -z "${SANITIZER_CFLAGS-}" ] && [ -x "$bench" ]; then
	# shellcheck disable=SC2086 # flags
	${CC:-cc} -shared -fPIC ${MPI_CFLAGS-} -o "$dir/bytes.so" "$abs_top_srcdir/tests/mpi_bytes.c"
	"$bench" bytes --preset "$abs_top_srcdir/tests/tiny.cfg" --batch 18 --json > "$dir/model"
	for n in 2 3 4; do
		model=$(sed -n "s/^{\"bytes\":$n,.*\"all\":\([0-9]*\).*/\1/p" "$dir/model")
		counted=$(($(sent $n 5) - $(sent $n 2)))
		[ -n "$model" ] && [ "$counted" -eq $((3 * model)) ] ||
			fail "3 steps of $n processes send $counted bytes, 3 times $model are modelled"
	done
fi

# --- signals, and death -------------------------------------------------------

# Processes of ours that a call has started, by their numbers.
ours() {
	for process in /proc/[0-9]*; do
		case $(readlink "$process/exe" 2> /dev/null) in
		*sgan-cpu)
			if tr '\0' ' ' 2> /dev/null < "$process/cmdline" | grep -q -e "--out $dir/"; then
				echo "${process#/proc/}"
			fi
			;;
		esac
	done
}

wait_for() { # seconds, condition
	tenths=$(($1 * 10))
	while [ "$tenths" -gt 0 ] && ! eval "$2"; do
		sleep 0.1
		tenths=$((tenths - 1))
	done
	eval "$2"
}

# A run long enough to be stopped within: 3 stages of 80 steps.
long() { # processes, out, options
	n=$1 out=$2
	shift 2
	begin "$n" 1 "$out" --steps 80 --epochs 10 "$@"
}

long 1 uninterrupted > "$dir/out"

for signal in USR1 TERM; do
	long 2 "by-$signal" > "$dir/out" 2> "$dir/errors" &
	call=$!
	wait_for 20 "grep -q independent $dir/by-$signal/0*/stats.jsonl 2> /dev/null" || fail "training has not begun"
	kill -s $signal "$(ours | tail -n 1)"
	if wait $call; then fail "stopped by SIG$signal, and done"; fi
	grep -q 'stopped at step .* of stage' "$dir/errors" || { fail "not stopped by SIG$signal"; cat "$dir/errors"; }
	train 2 1 "by-$signal" --resume latest > "$dir/out"
	same uninterrupted "by-$signal" 10
done

# One that is killed, when and which as it comes.
kills=${SGAN_MPI_KILLS:-3}
while [ "$kills" -gt 0 ]; do
	rm -rf "$dir/killed"
	long 2 killed > "$dir/out" 2> "$dir/errors" &
	call=$!
	wait_for 20 "[ -e $dir/killed/0*/checkpoint.safetensors ]" || fail "training has not begun"
	set -- $(awk -v seed="$kills$$" 'BEGIN { srand(seed); printf "%.2f %d", 2 * rand(), 1 + 2 * rand() }')
	sleep "$1"
	victim=$(ours | sed -n "$2p")
	if [ -n "$victim" ]; then
		kill -s KILL "$victim"
		wait_for 10 '[ -z "$(ours)" ]' || fail "killed after $1 s: the others go on"
	fi
	wait $call || :
	train 2 1 killed --resume latest > "$dir/out" 2> "$dir/errors" || { fail "killed after $1 s: not to be resumed"; cat "$dir/errors"; }
	same uninterrupted killed 10
	kills=$((kills - 1))
done

[ "$failed" -eq 0 ] && echo "ok"
exit "$failed"
