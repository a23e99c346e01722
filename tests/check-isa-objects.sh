#!/bin/sh
# No instruction above an object's baseline: x86-64's own everywhere but in kernels/avx2 and kernels/avx512,
# no AVX-512 in kernels/avx2. On AArch64, where NEON and fused multiply-adds are the baseline: none of these in
# kernels/generic, whose bits are the same on every machine. Looks at the code that the compiler made, not at its flags.

set -u

skip()
{
	echo "skipped: $1"
	exit 77
}

"${OBJDUMP:=objdump}" --version >/dev/null 2>&1 || skip "no objdump"
cd "${abs_top_builddir:?}" || exit 99

# fused ARCHIVE: its fused multiply-adds of AArch64, as GNU's objdump writes them, and as LLVM's does (fmla.4s)
fused()
{
	"$OBJDUMP" -d --no-show-raw-insn "$1" | grep -E '[[:space:]](fn?m(add|sub)|fml[as])(\.[0-9]*[a-z])?[[:space:]]'
}

check_aarch64()
{
	if fused .libs/libsgan_generic.a | head -n 5 | grep .; then
		echo "FAILED: fused multiply-adds in libsgan_generic.a: compiled with contraction"
		exit 1
	fi
	echo "ok: no fused multiply-add in libsgan_generic.a"
	[ -e .libs/libsgan_neon.a ] || exit 0
	if [ "$(fused .libs/libsgan_neon.a | wc -l)" -eq 0 ]; then
		echo "FAILED: no fused multiply-add in libsgan_neon.a: this check is blind"
		exit 1
	fi
	echo "ok: fused multiply-adds in libsgan_neon.a"
	exit 0
}

case ${SGAN_ISA_CHECK:-} in
x86-64) ;;
aarch64) check_aarch64 ;;
baseline-raised) skip "CFLAGS allow AVX everywhere" ;;
*) skip "this check knows x86-64 and AArch64 alone" ;;
esac

# above avx|avx512 ARCHIVE: the archive's instructions from that level up, with their member and function.
# AVX: wide and mask registers, names that begin with v, BMI's (they are VEX-encoded and come with -mavx2's
# machines). AVX-512: zmm, masks, registers from 16 up.
above()
{
	"$OBJDUMP" -d --no-show-raw-insn "$2" | awk -v level="$1" '
		/file format/ { member = $1; next }
		/^[0-9a-f]+ <.*>:$/ { name = $2; next }
		!/^ *[0-9a-f]+:\t/ { next }
		{ sub(/^ *[0-9a-f]+:\t/, "") }
		/%zmm|%k[0-7]|%[xy]mm(1[6-9]|2[0-9]|3[01])/ { print member, name, $0; next }
		level == "avx512" { next }
		/%ymm|^v|^(andn|bextr|blsi|blsmsk|blsr|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx)[lq]? / { print member, name, $0 }'
}

failed=0
seen=0

# expect_none avx|avx512 ARCHIVE
expect_none()
{
	[ -f "$2" ] || return 0
	seen=$((seen + 1))
	found=$(above "$1" "$2")
	if [ -n "$found" ]; then
		echo "FAILED: $1 instructions in $2:"
		printf '%s\n' "$found" | head -n 5
		failed=1
	else
		echo "ok: no $1 instruction in $2"
	fi
}

# expect_some avx|avx512 ARCHIVE: that this check sees what it looks for
expect_some()
{
	[ -f "$2" ] || return 0
	if [ "$(above "$1" "$2" | wc -l)" -eq 0 ]; then
		echo "FAILED: no $1 instruction in $2: nothing to build it for, or this check is blind"
		failed=1
	else
		echo "ok: $1 instructions in $2"
	fi
}

for archive in sgan_core sgan_threads sgan_generic program sgan_selftest; do
	expect_none avx ".libs/lib$archive.a"
done
# The sets, by the level that their names begin with.
for archive in .libs/libsgan_avx*.a; do
	case $archive in
	*_avx512*) expect_some avx512 "$archive" ;;
	*)
		expect_none avx512 "$archive"
		expect_some avx "$archive"
		;;
	esac
done

[ $seen -ge 5 ] || {
	echo "FAILED: the libraries are not in $abs_top_builddir/.libs"
	failed=1
}
exit $failed
