# Which instruction-set folders of kernels/ this compiler and assembler can build.

# SGAN_ISA_FOLDER(NAME, FOLDER, FLAGS, CPU-PATTERN, HEADER-AND-STATEMENT...)
# links a program that uses a real intrinsic: a compiler may know a flag and the
# assembler or the header not. FLAGS stand before CFLAGS as in the makefile, so
# that a -mno-... of the user leaves the folder out instead of breaking it.
# With FOLDER in capitals as X: gives the makefile X_CFLAGS and the condition HAVE_X,
# defines SGAN_HAVE_X, and adds to sgan_vector_sets and to the lines of the summary.
AC_DEFUN([SGAN_ISA_FOLDER], [
	AC_ARG_ENABLE([$2], [AS_HELP_STRING([--disable-$2], [leave out the $1 kernels])], [], [enable_$2=yes])
	sgan_$2=no
	AS_IF([test "x$enable_$2" = xno], [sgan_$2="no (--disable-$2)"],
		[AS_CASE([$host_cpu], [$4], [
			AC_CACHE_CHECK([whether $1 intrinsics link with $3], [sgan_cv_$2], [
				save_CFLAGS=$CFLAGS
				CFLAGS="$3 $CFLAGS"
				AC_LINK_IFELSE([AC_LANG_SOURCE([$5])], [sgan_cv_$2=yes], [sgan_cv_$2=no])
				CFLAGS=$save_CFLAGS])
			AS_IF([test $sgan_cv_$2 = yes], [sgan_$2="yes ($3)"], [sgan_$2="no (the compiler cannot link them)"])],
			[sgan_$2="no (not for $host_cpu)"])])
	AC_SUBST(m4_toupper([$2])[_CFLAGS], ["$3"])
	AM_CONDITIONAL([HAVE_]m4_toupper([$2]), [test "x${sgan_$2%% *}" = xyes])
	AS_IF([test "x${sgan_$2%% *}" = xyes], [
		sgan_vector_sets="$sgan_vector_sets $2"
		AC_DEFINE([SGAN_HAVE_]m4_toupper([$2]), [1], [The $1 kernels are built.])])
	sgan_kernels_lines="$sgan_kernels_lines
  kernels, m4_format([[%-9s]], [$1]) $sgan_$2"
])

# sgan_in_order: the flag by which GCC leaves instructions in the order in which they are written until registers are
# given to them. On AArch64 it would otherwise load operands early, though these CPUs need no help to do so, and run out
# of registers where tiles fill them.
AC_DEFUN([SGAN_IN_ORDER], [
	AC_CACHE_CHECK([for a flag against scheduling before register allocation], [sgan_cv_in_order], [
		save_CFLAGS=$CFLAGS
		CFLAGS="-Werror -fno-schedule-insns $CFLAGS"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [sgan_cv_in_order=-fno-schedule-insns], [sgan_cv_in_order=none])
		CFLAGS=$save_CFLAGS])
	sgan_in_order=
	AS_IF([test $sgan_cv_in_order != none], [sgan_in_order=$sgan_cv_in_order])
])

AC_DEFUN([SGAN_ISA_FOLDERS], [
	sgan_vector_sets=
	sgan_kernels_lines="  kernels, generic   yes"
	SGAN_ISA_FOLDER([AVX2], [avx2], [-mavx2 -mfma], [x86_64|amd64], [[
#include <immintrin.h>
int main(int argc, char **argv)
{
	__m256 x = _mm256_set1_ps((float)argc);
	__m256i i = _mm256_add_epi32(_mm256_set1_epi32(argc), _mm256_castps_si256(x));
	(void)argv;
	x = _mm256_fmadd_ps(x, x, _mm256_castsi256_ps(i));
	return _mm256_movemask_ps(x);
}]])
	SGAN_ISA_FOLDER([AVX-512], [avx512], [-mavx512f -mavx512bw -mavx512dq -mavx512vl], [x86_64|amd64], [[
#include <immintrin.h>
int main(int argc, char **argv)
{
	__m512 x = _mm512_set1_ps((float)argc);
	__m512i i = _mm512_add_epi8(_mm512_set1_epi8((char)argc), _mm512_castps_si512(x));
	(void)argv;
	x = _mm512_and_ps(_mm512_fmadd_ps(x, x, x), _mm512_castsi512_ps(i));
	return (int)_mm256_movepi32_mask(_mm512_castsi512_si256(_mm512_castps_si512(x)));
}]])
	SGAN_IN_ORDER
	SGAN_ISA_FOLDER([NEON], [neon], [$sgan_in_order], [aarch64|arm64*], [[
#include <arm_neon.h>
int main(int argc, char **argv)
{
	float32x4_t x = vdupq_n_f32((float)argc);
	(void)argv;
	x = vfmaq_laneq_f32(x, x, x, 3);
	return (int)vaddvq_f32(x);
}]])
	AS_CASE([$host_cpu], [x86_64|amd64], [sgan_x86_64=yes], [sgan_x86_64=no])
	AM_CONDITIONAL([X86_64], [test $sgan_x86_64 = yes])
])
