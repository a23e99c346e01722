# SGAN_LIBRARY(VARIABLE, MODULE): a library that must be there; its line of the summary.
AC_DEFUN([SGAN_LIBRARY], [
	PKG_CHECK_MODULES([$1], [$2], [],
		[AC_MSG_ERROR([$2 is missing, as far as pkg-config knows: ./bootstrap installs it])])
	sgan_module=`echo "$2" | sed 's/ .*//'`
	sgan_line=`printf '  %-18s %s' "$sgan_module" "\`$PKG_CONFIG --modversion $sgan_module\`"`
	sgan_libraries="${sgan_libraries:+$sgan_libraries
}$sgan_line"
	DEPENDENCY_CFLAGS="$DEPENDENCY_CFLAGS $$1_CFLAGS"
	DEPENDENCY_LIBS="$DEPENDENCY_LIBS $$1_LIBS"
	AC_SUBST([DEPENDENCY_CFLAGS])
	AC_SUBST([DEPENDENCY_LIBS])
])
