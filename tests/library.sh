#!/bin/sh
# Flags and compilers with arguments are split on purpose.
# shellcheck disable=SC2086,SC2046,SC2154,SC2317
# The library as others get it: installed, found by pkg-config, linked with docs/example.c, which is run. What it
# exports is what its headers declare; the headers compile by themselves, in C and in C++.
set -u

cd "${abs_top_builddir:?}" || exit 99
if [ ! -w . ]; then
	echo "skipped: what is installed comes from the build folder, which cannot be written"
	exit 77
fi
dir=$(mktemp -d "$PWD/library.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
: "${MAKE:=make}" "${CC:=cc}" "${CXX:=c++}" "${NM:=nm}" "${OBJDUMP:=objdump}" "${PKG_CONFIG:=pkg-config}"
sanitizers=${SANITIZER_CFLAGS:-}
dest=$dir/dest
LC_ALL=C
export LC_ALL
failed=0

ok()
{
	echo "ok $1"
}

not_ok()
{
	failed=$((failed + 1))
	echo "not ok $1"
	sed 's/^/    /' "$dir/log"
}

# expect NAME COMMAND...: the command succeeds
expect()
{
	name=$1
	shift
	if "$@" >"$dir/log" 2>&1; then ok "$name"; else not_ok "$name"; fi
}

# expect_none NAME FILE: the file is empty; if not, it says what is wrong
expect_none()
{
	if [ -s "$2" ]; then
		cp "$2" "$dir/log"
		not_ok "$1"
	else
		ok "$1"
	fi
}

# --- install: the parts of it that are the library's ------------------------------------------------------------

unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR
if ! $MAKE install-libLTLIBRARIES install-sganincludeHEADERS install-pkgconfigDATA DESTDIR="$dest" >"$dir/log" 2>&1; then
	not_ok "install"
	exit 1
fi
module=$(find "$dest" -name libsgan.pc)
if [ -z "$module" ]; then
	echo "not ok install: no libsgan.pc"
	exit 1
fi
# As if $dest were the root: absolute folders lie below it.
mkdir "$dir/pkgconfig"
sed "s|^\([a-z_]*\)=/|\1=$dest/|" "$module" >"$dir/pkgconfig/libsgan.pc"
PKG_CONFIG_PATH=$dir/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH
lib=$($PKG_CONFIG --variable=libdir libsgan) || exit 99
include=$($PKG_CONFIG --variable=includedir libsgan)/sgan
cflags=$($PKG_CONFIG --cflags libsgan)
shared=
for file in "$lib"/libsgan.so "$lib"/libsgan.dylib; do
	[ ! -e "$file" ] || shared=$file
done
static=
[ ! -e "$lib/libsgan.a" ] || static=$lib/libsgan.a

# --- headers ----------------------------------------------------------------------------------------------------

warnings="-pedantic -Wall -Wextra -Werror"
for header in "$include"/*.h; do
	file=sgan/$(basename "$header")
	echo "#include <$file>" >"$dir/header.c"
	cp "$dir/header.c" "$dir/header.cc"
	expect "$file in C11" $CC -std=c11 $warnings -Wstrict-prototypes $cflags -c -o "$dir/header.o" "$dir/header.c"
	if $CXX --version >/dev/null 2>&1; then
		expect "$file in C++17" $CXX -std=c++17 $warnings $cflags -c -o "$dir/header.o" "$dir/header.cc"
	else
		echo "ok $file in C++17 # skipped: no C++ compiler $CXX"
	fi
done

define()
{
	sed -n "s/^#define SGAN_VERSION_$1 \([0-9]*\)\$/\1/p" "$include/sgan.h"
}
expect "version of header and module" test "$(define MAJOR).$(define MINOR).$(define PATCH)" = "$($PKG_CONFIG --modversion libsgan)"

# --- symbols ----------------------------------------------------------------------------------------------------

cat "$include"/*.h | tr '\n' ' ' | tr ';' '\n' | sed -n 's/.*SGAN_API [^(]*[ *]\(sgan_[a-z0-9_]*\)(.*/\1/p' |
	sort >"$dir/declared"
expect "declarations are found" test "$(wc -l <"$dir/declared")" -ge 40

# The linker's own marks, and what sanitizers add, are not the library's.
symbols()
{
	$NM "$@" | awk 'NF == 3 && $2 ~ /^[A-TV-Z]$/ && $3 !~ /^(_|__)(bss_start|edata|end|init|fini)$|^__(odr_)?(asan|ubsan)/ { print $3 }' |
		sort -u
}

if [ -n "$shared" ]; then
	symbols -D --defined-only "$shared" >"$dir/exported"
	expect "exported: what is declared, no more and no less" diff "$dir/declared" "$dir/exported"
else
	echo "ok exported symbols # skipped: no shared library was built"
fi
if [ -n "$static" ]; then
	symbols -g --defined-only "$static" | grep -v '^_*sgan_' >"$dir/foreign"
	expect_none "names in the archive begin with sgan_" "$dir/foreign"
else
	echo "ok archive's names # skipped: no static library was built"
fi

# --- what it links ----------------------------------------------------------------------------------------------

# What the program reads files and the machine with is none of the library's.
programs='(hwloc|archive|z|png[0-9]*|jansson|config)'
if [ -n "$shared" ] && $OBJDUMP -p "$shared" >"$dir/headers" 2>/dev/null; then
	expect "libraries that it needs are listed" grep -q 'NEEDED.*libm\.' "$dir/headers"
	grep -E "NEEDED.*lib$programs\." "$dir/headers" >"$dir/needed"
	expect_none "needs none of the program's libraries" "$dir/needed"
else
	echo "ok libraries that it needs # skipped: no shared library was built, or $OBJDUMP does not read it"
fi
$PKG_CONFIG --static --libs libsgan | grep -E -e "-l$programs( |\$)" >"$dir/needed"
expect_none "module names none of the program's libraries" "$dir/needed"

# --- the example ------------------------------------------------------------------------------------------------

# build NAME FLAGS...: $dir/NAME from docs/example.c
build()
{
	program=$dir/$1
	shift
	$CC -Wall -Wextra -Wshadow -Wconversion -Werror $sanitizers $cflags -o "$program" "$abs_top_srcdir/docs/example.c" "$@" -lm
}

if [ -n "$shared" ]; then
	expect "example, shared: build" build example-shared $($PKG_CONFIG --libs libsgan)
	expect "example, shared: run" env LD_LIBRARY_PATH="$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" \
		${SGAN_EMULATOR-} "$dir/example-shared"
	sed 's/^/    /' "$dir/log"
fi
if [ -n "$static" ]; then
	mkdir "$dir/static" && cp "$static" "$dir/static" # alone, where -lsgan finds no other
	expect "example, static: build" build example-static -L"$dir/static" $($PKG_CONFIG --static --libs libsgan)
	expect "example, static: run" ${SGAN_EMULATOR-} "$dir/example-static"
	$OBJDUMP -p "$dir/example-static" 2>/dev/null | grep 'NEEDED.*libsgan' >"$dir/needed"
	expect_none "example, static: does without libsgan.so" "$dir/needed"
fi

exit $((failed > 0))
