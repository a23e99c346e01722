# SGAN_LIBRARY(VARIABLE, MODULE, LIBRARY|PROGRAM): a library that must be there; its line of the summary. What libsgan
# needs is added to LIBRARY_LIBS, what the program alone needs to PROGRAM_LIBS.
AC_DEFUN([SGAN_LIBRARY], [
	PKG_CHECK_MODULES([$1], [$2], [],
		[AC_MSG_ERROR([$2 is missing, as far as pkg-config knows: ./bootstrap installs it])])
	sgan_module=`echo "$2" | sed 's/ .*//'`
	sgan_line=`printf '  %-18s %s' "$sgan_module" "\`$PKG_CONFIG --modversion $sgan_module\`"`
	sgan_libraries="${sgan_libraries:+$sgan_libraries
}$sgan_line"
	DEPENDENCY_CFLAGS="$DEPENDENCY_CFLAGS $$1_CFLAGS"
	$3_LIBS="${$3_LIBS:+$$3_LIBS }$$1_LIBS"
	AC_SUBST([DEPENDENCY_CFLAGS])
	AC_SUBST([LIBRARY_LIBS])
	AC_SUBST([PROGRAM_LIBS])
])
