# Compiler flags: the defaults, what CFLAGS may not hold, warnings, sanitizers.

# CFLAGS when the user gave none.
AC_DEFUN([SGAN_DEFAULT_CFLAGS], [: ${CFLAGS="-O2 -g"}])

# SGAN_REFUSE_CFLAG(PATTERN, REASON): user flags come last on the command line,
# so nothing that the makefile says could undo these.
AC_DEFUN([SGAN_REFUSE_CFLAG], [AS_CASE([" $CFLAGS "], [*\ $1*], [AC_MSG_ERROR([CFLAGS hold $1: $2])])])

AC_DEFUN([SGAN_CHECK_CFLAGS], [
	SGAN_REFUSE_CFLAG([-ffast-math], [the kernels' results would not be those that their checks promise])
	SGAN_REFUSE_CFLAG([-Ofast], [it implies -ffast-math; use -O3])
	SGAN_REFUSE_CFLAG([-funsafe-math-optimizations], [the kernels' results would not be those that their checks promise])
	SGAN_REFUSE_CFLAG([-ffp-contract=], [the generic kernels are the reference and must not fuse])
	SGAN_REFUSE_CFLAG([-flto], [functions for different instruction sets must stay apart])
	AS_CASE([$host_cpu], [x86_64|amd64], [
		AC_CACHE_CHECK([whether CFLAGS raise the baseline above SSE2], [sgan_cv_baseline_raised],
			[save_CPPFLAGS=$CPPFLAGS
			CPPFLAGS="$CPPFLAGS $CFLAGS"
			AC_PREPROC_IFELSE([AC_LANG_SOURCE([[
#ifndef __AVX__
#error the baseline
#endif]])], [sgan_cv_baseline_raised=yes], [sgan_cv_baseline_raised=no])
			CPPFLAGS=$save_CPPFLAGS])],
		[sgan_cv_baseline_raised=no])
	AS_IF([test $sgan_cv_baseline_raised = yes],
		[AC_MSG_WARN([CFLAGS allow AVX everywhere: what is built runs on such machines alone])])
	AM_CONDITIONAL([BASELINE_RAISED], [test $sgan_cv_baseline_raised = yes])
])

AC_DEFUN([SGAN_WARNINGS], [
	AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [make the compiler's warnings errors])],
		[], [enable_werror=no])
	WARNING_CFLAGS="-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla"
	sgan_warnings_kind=shown
	AS_IF([test "x$enable_werror" != xno],
		[WARNING_CFLAGS="$WARNING_CFLAGS -Werror"; sgan_warnings_kind=errors])
	AC_SUBST([WARNING_CFLAGS])
])

AC_DEFUN([SGAN_SANITIZERS], [
	AC_ARG_ENABLE([sanitizers],
		[AS_HELP_STRING([--enable-sanitizers@<:@=thread@:>@],
			[build with AddressSanitizer and UBSan, the first finding ends the program; or with ThreadSanitizer])],
		[], [enable_sanitizers=no])
	AS_CASE([$enable_sanitizers],
		[no], [SANITIZER_CFLAGS=],
		[yes], [SANITIZER_CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"],
		[thread], [SANITIZER_CFLAGS="-fsanitize=thread -fno-omit-frame-pointer"],
		[AC_MSG_ERROR([--enable-sanitizers=$enable_sanitizers: yes, no or thread expected])])
	AS_IF([test -n "$SANITIZER_CFLAGS"], [
		AC_MSG_CHECKING([whether $CC links with $SANITIZER_CFLAGS])
		save_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS $SANITIZER_CFLAGS"
		AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes])],
			[AC_MSG_RESULT([no]); AC_MSG_ERROR([--enable-sanitizers: the compiler's sanitizer libraries are missing])])
		CFLAGS=$save_CFLAGS])
	AC_SUBST([SANITIZER_CFLAGS])
	# Unrolled tiles access memory a thousand times a function: there UBSan's checks of pointers are left out, which say
	# less than AddressSanitizer's. (Those as calls compile in half the time, but run far slower.)
	SANITIZED_TILES_CFLAGS="-fno-sanitize=null,alignment,object-size,pointer-overflow"
	AC_SUBST([SANITIZED_TILES_CFLAGS])
	AM_CONDITIONAL([SANITIZERS], [test "x$enable_sanitizers" = xyes])
])
