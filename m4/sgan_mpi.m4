# Training on several machines. --with-mpi takes Open MPI or else MPICH, as pkg-config knows them; MPI_CFLAGS and MPI_LIBS
# another one.
AC_DEFUN([SGAN_MPI], [
	AC_ARG_WITH([mpi], [AS_HELP_STRING([--with-mpi@<:@=MODULE@:>@],
		[train on several machines, by Open MPI or MPICH, or the MPI that pkg-config knows as MODULE])], [], [with_mpi=no])
	AC_ARG_VAR([MPI_CFLAGS], [C compiler flags for MPI, overriding pkg-config])
	AC_ARG_VAR([MPI_LIBS], [linker flags for MPI, overriding pkg-config])
	sgan_mpi=none
	AS_IF([test "x$with_mpi" != xno], [
		AS_CASE([$with_mpi], [yes], [sgan_modules="ompi-c mpich"], [sgan_modules=$with_mpi])
		for sgan_module in $sgan_modules; do
			AS_IF([test -z "$MPI_LIBS" && $PKG_CONFIG --exists $sgan_module], [
				sgan_mpi="$sgan_module `$PKG_CONFIG --modversion $sgan_module`"
				MPI_CFLAGS=`$PKG_CONFIG --cflags $sgan_module`
				MPI_LIBS=`$PKG_CONFIG --libs $sgan_module`])
		done
		AS_IF([test -n "$MPI_LIBS" && test "x$sgan_mpi" = xnone], [sgan_mpi="yes (MPI_LIBS)"])
		# Warnings are for our headers.
		MPI_CFLAGS=`echo " $MPI_CFLAGS" | $SED 's/ -I/ -isystem /g'`
		AC_MSG_CHECKING([for MPI])
		save_CPPFLAGS=$CPPFLAGS
		save_LIBS=$LIBS
		CPPFLAGS="$CPPFLAGS $MPI_CFLAGS"
		LIBS="$MPI_LIBS $LIBS"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <mpi.h>]], [[MPI_Init(0, 0);]])], [AC_MSG_RESULT([$sgan_mpi])],
			[AC_MSG_RESULT([no]); AC_MSG_ERROR([--with-mpi: no MPI to link with (Debian: libopenmpi-dev or libmpich-dev)])])
		CPPFLAGS=$save_CPPFLAGS
		LIBS=$save_LIBS
		PROGRAM_LIBS="$PROGRAM_LIBS $MPI_LIBS"])
	# What starts the tests' processes: Debian has both libraries' launchers, each under its name.
	SGAN_MPIRUN=
	AS_CASE([$with_mpi:$sgan_mpi],
		[no:*], [],
		[*:ompi*], [AC_CHECK_PROGS([SGAN_MPIRUN], [mpirun.openmpi mpirun])],
		[*:mpich*], [AC_CHECK_PROGS([SGAN_MPIRUN], [mpirun.mpich mpirun])],
		[AC_CHECK_PROGS([SGAN_MPIRUN], [mpirun mpiexec])])
	AC_SUBST([SGAN_MPIRUN])
	AM_CONDITIONAL([HAVE_MPI], [test "x$with_mpi" != xno])
])
