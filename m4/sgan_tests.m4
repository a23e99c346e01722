# What `make check` can run: all tests with Criterion; without it those that need none of its isolation (plain_tests in
# tests/Makemodule.am), on tests/plain. Programs for another machine run in an emulator, where one is named or found.
AC_DEFUN([SGAN_TESTS], [
	AC_ARG_WITH([criterion], [AS_HELP_STRING([--without-criterion], [run only those tests that need no Criterion])],
		[], [with_criterion=yes])
	have_criterion=no
	AS_IF([test "x$with_criterion" != xno],
		[PKG_CHECK_MODULES([CRITERION], [criterion >= 2.4], [have_criterion=yes], [have_criterion=no])])
	AS_IF([test $have_criterion = yes], [criterion_version=`$PKG_CONFIG --modversion criterion`],
		[criterion_version="none: 'make check' runs the tests that need no Criterion"
		CRITERION_CFLAGS='-I$(top_srcdir)/tests/plain'
		CRITERION_LIBS=])
	AC_SUBST([CRITERION_CFLAGS])
	AC_SUBST([CRITERION_LIBS])
	AM_CONDITIONAL([HAVE_CRITERION], [test $have_criterion = yes])

	AC_ARG_VAR([SGAN_EMULATOR], [what runs this build's programs in make check, such as qemu-aarch64-static])
	AS_IF([test -z "$SGAN_EMULATOR" && test "x$cross_compiling" = xyes],
		[AC_CHECK_PROGS([SGAN_EMULATOR], [qemu-$host_cpu-static qemu-$host_cpu])])
	AS_IF([test -n "$SGAN_EMULATOR"], [sgan_runner=$SGAN_EMULATOR],
		[test "x$cross_compiling" = xyes], [sgan_runner="nothing: no qemu-$host_cpu was found; name one in SGAN_EMULATOR"],
		[sgan_runner="this machine"])
])
