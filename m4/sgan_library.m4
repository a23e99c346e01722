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

# SGAN_OPTIONAL_LIBRARY(VARIABLE, SHELL-NAME, MODULE, WHAT-FOR): the same for the program, unless --without-SHELL-NAME
# asks for a build that cannot read WHAT-FOR; SGAN_HAVE_VARIABLE says which it is.
AC_DEFUN([SGAN_OPTIONAL_LIBRARY], [
	AC_ARG_WITH([$2], [AS_HELP_STRING([--without-$2], [do without $2: $4 are not read then])], [], [with_$2=yes])
	AS_IF([test "x$with_$2" != xno], [
		PKG_CHECK_EXISTS([$3], [],
			[AC_MSG_ERROR([$3 is missing, as far as pkg-config knows: ./bootstrap installs it; --without-$2 builds a program that does not read $4])])
		SGAN_LIBRARY([$1], [$3], [PROGRAM])
		AC_DEFINE([SGAN_HAVE_$1], [1], [$4 are read, by $2.])
	], [
		sgan_line=`printf '  %-18s %s' $2 "none, by --without-$2: $4 are not read"`
		sgan_libraries="$sgan_libraries
$sgan_line"
	])
])
