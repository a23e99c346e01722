#!/bin/sh
# Layers in order: no folder uses one above it, in its includes or in the symbols that its objects need; and inside a
# folder no two objects need each other, directly or by way of others. bench/ and tests/ are above all and not looked
# at. tests/check-layers-selftest.sh shows that it fails where it should; check-layers.awk judges.
#
# usage: check-layers.sh [SOURCE-DIR BUILD-DIR]
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 99
source=${1:-${abs_top_srcdir:?}}
build=${2:-${abs_top_builddir:?}}
: "${NM:=nm}" "${AWK:=awk}"
LC_ALL=C
export LC_ALL
work=$(mktemp -d "${TMPDIR:-/tmp}/check-layers.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Folders (a file where a folder's files belong apart) and what each may use: those named and all that those may use.
# A folder that is not named belongs to the one it lies in.
cat >"$work/folders" <<'FOLDERS'
include/sgan:
src/cpu: include/sgan
src/data: src/cpu
src/io: src/cpu
src/machine: src/cpu
src/ranks: src/cpu
kernels: src/cpu
src/exec: kernels
src/ops: src/exec include/sgan/ops.h include/sgan/gemm.h include/sgan/conv.h
include/sgan/ops.h: include/sgan
include/sgan/gemm.h: include/sgan
include/sgan/conv.h: include/sgan
src/ops/conv: src/ops
src/metrics: src/ops
src/selftest: src/ops/conv
src/nn: src/ops/conv
src/sgan/preset: src/nn src/io
src/sgan/model: src/sgan/preset src/data
src/sgan/objective: src/sgan/model
src/sgan/sample: src/sgan/objective src/metrics
src/sgan/train: src/sgan/sample src/ranks
src/sgan/eval: src/sgan/sample
src/sgan: src/sgan/train src/sgan/eval
src/cli: src/sgan src/machine src/selftest
FOLDERS

# What a build has instead of another file: one of the two is built.
cat >"$work/either" <<'EITHER'
src/ranks/none.c src/ranks/mpi.c
src/ranks/mpi.c src/ranks/none.c
src/ranks/messages.c src/ranks/none.c
EITHER

cd "$source" || exit 99
find include kernels src -name '*.[ch]' -o -name '*.def' >"$work/files" || exit 99
xargs grep -n '^[[:space:]]*#[[:space:]]*include' /dev/null <"$work/files" >"$work/includes"
cd "$build" || exit 99
find src -name '*.c' >>"$work/files" # the generated ones

# Objects as libtool names them in its .lo files, one for each source though it may have made two; those that it did not
# make; none of the second library's, which has the first one's sources.
find kernels src -name '*.lo' | while read -r lo; do
	object=$(sed -n "s/^pic_object='\(.*\)'/\1/p" "$lo")
	[ -n "$object" ] || object=$(sed -n "s/^non_pic_object='\(.*\)'/\1/p" "$lo")
	echo "$(dirname "$lo")/$object"
done >"$work/objects"
find kernels src -name '*.o' ! -path '*/.libs/*' ! -name 'libsgan_f64_a-*' | while read -r object; do
	[ -e "${object%.o}.lo" ] || echo "$object"
done >>"$work/objects"
if [ ! -s "$work/objects" ]; then
	echo "check-layers: nothing has been built in $build" >&2
	exit 99
fi
# shellcheck disable=SC2086 # libtool's NM may have an option with it
xargs $NM -A -P -g <"$work/objects" >"$work/symbols" || exit 99

"$AWK" -f "$here/check-layers.awk" what=folders "$work/folders" what=either "$work/either" \
	what=files "$work/files" what=includes "$work/includes" what=objects "$work/objects" what=symbols "$work/symbols"
