#!/bin/sh
# The first 20 steps of each stage of tests/tiny.cfg have the same losses on every instruction set, within 1e-3; and
# losses.awk, which says so, sees losses and lines that are others. (.ci/run compares two machines in the same way.)
set -eu

if [ -n "${SGAN_EMULATOR-}" ]; then
	echo "skipped: minutes in an emulator, where .ci/run makes the comparison with another machine"
	exit 77
fi
if [ -n "${SANITIZER_CFLAGS-}" ]; then
	echo "skipped: slow under sanitizers, where other tests train"
	exit 77
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/sgan-losses.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
LC_ALL=C
export LC_ALL
failed=0

agree() { # file file
	awk -f "$abs_top_srcdir/tests/losses.awk" "$1" "$2" > "$dir/said"
}

not_ok() { # name
	echo "not ok $1"
	sed 's/^/    /' "$dir/said"
	failed=1
}

sh "${abs_top_srcdir:?}/tests/squares.sh" "$dir/squares" 160 100
sets=$("${SGAN_CPU:?}" info | awk '$1 == "isa" && $3 == "usable" { print $2 }')
for isa in $sets; do
	"$SGAN_CPU" train --quiet --isa "$isa" --preset "$abs_top_srcdir/tests/tiny.cfg" --data "$dir/squares" --steps 20 \
		--out "$dir/$isa" > "$dir/said" 2>&1 || { not_ok "$isa"; continue; }
	mv "$dir/$isa"/00000-*/stats.jsonl "$dir/$isa.jsonl"
	if agree "$dir/generic.jsonl" "$dir/$isa.jsonl"; then
		echo "ok $isa: $(cat "$dir/said")"
	else
		not_ok "$isa: other losses than generic's"
	fi
done

# The first loss of D0 times a factor.
scaled() {
	awk -v factor="$1" '!done && match($0, /"loss_d0":[-+.0-9e]*/) {
		printf "%s\"loss_d0\":%.9g%s\n", substr($0, 1, RSTART - 1), factor * substr($0, RSTART + 10, RLENGTH - 10),
			substr($0, RSTART + RLENGTH)
		done = 1
		next
	} { print }' "$dir/generic.jsonl" > "$dir/changed.jsonl"
}

refused() { # name, what sed does to the file; nothing: it has been changed
	[ -z "${2-}" ] || sed "$2" "$dir/generic.jsonl" > "$dir/changed.jsonl"
	if cmp -s "$dir/generic.jsonl" "$dir/changed.jsonl"; then
		echo "not ok $1: nothing was changed"
		failed=1
	elif agree "$dir/generic.jsonl" "$dir/changed.jsonl"; then
		not_ok "$1: not seen"
	else
		echo "ok $1 is seen"
	fi
}

scaled 1.002
refused "a loss 0.2 % larger"
scaled 1.0005
if agree "$dir/generic.jsonl" "$dir/changed.jsonl"; then
	echo "ok a loss 0.05 % larger is let pass"
else
	not_ok "a loss 0.05 % larger"
fi
refused "a loss that is no number" 's/\("loss_g1_cond":\)[0-9.]*/\1null/'
refused "a loss that is missing" '31s/"loss_d1":[0-9.]*,//'
refused "a line that is missing" '$d'
refused "another step" '11s/"step":10/"step":11/'
exit "$failed"
