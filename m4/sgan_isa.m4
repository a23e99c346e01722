# Which instruction-set folders of kernels/ this compiler and assembler can build.

# SGAN_ISA_FOLDER(NAME, SHELL-NAME, FLAGS, CPU-PATTERN, HEADER-AND-STATEMENT...)
# links a program that uses a real intrinsic: a compiler may know a flag and the
# assembler or the header not. FLAGS stand before CFLAGS as in the makefile, so
# that a -mno-... of the user leaves the folder out instead of breaking it.
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
])

AC_DEFUN([SGAN_ISA_FOLDERS], [
	AVX2_CFLAGS="-mavx2 -mfma"
	AVX512_CFLAGS="-mavx512f -mavx512bw -mavx512dq -mavx512vl"
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
	AC_ARG_ENABLE([neon], [AS_HELP_STRING([--disable-neon], [leave out the NEON kernels (there are none yet)])])
	AS_CASE([$host_cpu], [aarch64*|arm64*], [sgan_neon="none written yet: the generic kernels are used"],
		[sgan_neon="no (not for $host_cpu)"])
	AC_SUBST([AVX2_CFLAGS])
	AC_SUBST([AVX512_CFLAGS])
	AM_CONDITIONAL([HAVE_AVX2], [test "x${sgan_avx2%% *}" = xyes])
	AM_CONDITIONAL([HAVE_AVX512], [test "x${sgan_avx512%% *}" = xyes])
	AM_COND_IF([HAVE_AVX2], [AC_DEFINE([SGAN_HAVE_AVX2], [1], [Kernels for AVX2 with FMA are built.])])
	AM_COND_IF([HAVE_AVX512], [AC_DEFINE([SGAN_HAVE_AVX512], [1], [Kernels for AVX-512 F, BW, DQ, VL are built.])])
	AH_TEMPLATE([SGAN_HAVE_NEON], [Kernels for NEON are built.])
	AS_CASE([$host_cpu], [x86_64|amd64], [sgan_x86_64=yes], [sgan_x86_64=no])
	AM_CONDITIONAL([X86_64], [test $sgan_x86_64 = yes])
])
