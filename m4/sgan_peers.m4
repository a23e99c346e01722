# Other libraries that `make bench` can compare with; the library and the program never use them.

# SGAN_PEER_TRY(VARIABLE, SHELL-NAME, HEADER, CALL, PACKAGE): compiles and links CALL with the
# flags that have been set, or ends configure: who asks for a peer wants it.
AC_DEFUN([SGAN_PEER_TRY], [
	AC_MSG_CHECKING([for $2])
	save_CPPFLAGS=$CPPFLAGS
	save_LIBS=$LIBS
	CPPFLAGS="$CPPFLAGS $$1_CFLAGS"
	LIBS="$$1_LIBS $LIBS"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <$3>]], [[$4]])], [AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no]); AC_MSG_ERROR([--with-$2=$with_$2: no $3 and library to link with ($5, or PREFIX of an installed tree)])])
	CPPFLAGS=$save_CPPFLAGS
	LIBS=$save_LIBS
])

# SGAN_PEER(VARIABLE, SHELL-NAME, NAME, LIBRARY, HEADER, CALL, PACKAGE): --with-SHELL-NAME[=PREFIX].
AC_DEFUN([SGAN_PEER], [
	AC_ARG_WITH([$2], [AS_HELP_STRING([--with-$2@<:@=PREFIX@:>@],
		[compare with $3 in make bench: the system's ($7), or the one installed in PREFIX])], [], [with_$2=no])
	$1_CFLAGS=
	$1_LIBS="-l$4"
	$1_LIBDIR=
	$1_BUILT=0
	sgan_libdir=
	AS_CASE([$with_$2],
		[no], [],
		[yes], [AS_IF([$PKG_CONFIG --exists $4],
			[$1_CFLAGS=`$PKG_CONFIG --cflags $4`; $1_LIBS=`$PKG_CONFIG --libs $4`])],
		[for sgan_dir in lib lib64 lib/$host_cpu-linux-gnu; do
			AS_IF([test -z "$sgan_libdir" && test -e "$with_$2/$sgan_dir/lib$4.so"], [sgan_libdir=$with_$2/$sgan_dir])
		done
		AS_IF([test -z "$sgan_libdir"],
			[AC_MSG_ERROR([--with-$2=$with_$2: there is no lib$4.so in its lib or lib64])])
		# An RPATH, not a RUNPATH: what the library needs lies beside it.
		$1_CFLAGS="-isystem $with_$2/include -isystem $with_$2/include/$2"
		$1_LIBS="-L$sgan_libdir $sgan_new_dtags -Wl,-rpath,$sgan_libdir -l$4"
		$1_LIBDIR=$sgan_libdir])
	AS_IF([test "x$with_$2" != xno], [
		SGAN_PEER_TRY([$1], [$2], [$5], [$6], [$7])
		$1_BUILT=1
		sgan_peers="${sgan_peers:+$sgan_peers, }$3"])
	AM_CONDITIONAL([HAVE_$1], [test "x$with_$2" != xno])
	AC_SUBST([$1_CFLAGS])
	AC_SUBST([$1_LIBS])
	AC_SUBST([$1_LIBDIR])
	AC_SUBST([$1_BUILT])
])

# What of it the program has to know is in bench/peers.h, and not in config.h, with which all would be compiled again.
AC_DEFUN([SGAN_PEERS], [
	sgan_peers=
	AC_CONFIG_FILES([bench/peers.h])
	AC_CACHE_CHECK([how to link with an RPATH that is not a RUNPATH], [sgan_cv_new_dtags], [
		save_LDFLAGS=$LDFLAGS
		LDFLAGS="$LDFLAGS -Wl,--disable-new-dtags"
		AC_LINK_IFELSE([AC_LANG_PROGRAM()], [sgan_cv_new_dtags=-Wl,--disable-new-dtags], [sgan_cv_new_dtags=none])
		LDFLAGS=$save_LDFLAGS])
	AS_IF([test "x$sgan_cv_new_dtags" = xnone], [sgan_new_dtags=], [sgan_new_dtags=$sgan_cv_new_dtags])
	SGAN_PEER([ONEDNN], [onednn], [oneDNN], [dnnl], [oneapi/dnnl/dnnl.h], [return dnnl_version()->major;],
		[Debian: libdnnl-dev])
	SGAN_PEER([OPENBLAS], [openblas], [OpenBLAS], [openblas], [cblas.h],
		[extern char *openblas_get_config(void); return !openblas_get_config() || !cblas_sgemm;],
		[Debian: libopenblas-dev])
	SGAN_PEER([BLIS], [blis], [BLIS], [blis], [blis.h], [return !bli_info_get_version_str();],
		[Debian: libblis-dev])
	AS_IF([test -z "$sgan_peers"], [sgan_peers="none; --with-onednn, --with-openblas, --with-blis"])
])
