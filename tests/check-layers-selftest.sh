#!/bin/sh
# That check-layers.sh finds what it is for: a small tree of sources and objects passes it, and fails it with an upward
# include, an upward symbol, a leaf that reaches out, circles of two and of three objects, and what it does not know.
# shellcheck disable=SC2086 # a compiler with arguments is split on purpose
set -u

check=$(cd "$(dirname "$0")" && pwd)/check-layers.sh
dir=$(mktemp -d "${TMPDIR:-/tmp}/check-layers-selftest.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
: "${CC:=cc}"
failed=0

# source FILE LINE...: a file of the tree
source()
{
	file=$dir/tree/$1
	shift
	mkdir -p "$(dirname "$file")"
	printf '%s\n' "$@" >"$file"
}

# The tree as it should be: each folder uses one below, and two files of one folder use a third.
plant()
{
	rm -rf "$dir/tree"
	source include/sgan/sgan.h '#include <stddef.h>'
	source include/sgan/ops.h '#include <sgan/sgan.h>'
	source src/cpu/memory.c '#include <sgan/sgan.h>' 'void memory(void) {}'
	source src/io/file.c 'void memory(void);' 'void file(void) { memory(); }'
	source kernels/kernels.def ''
	source kernels/table.c '#include "kernels/kernels.def"' 'void table(void) {}'
	source src/exec/ctx.h '#include "kernels/kernels.def"'
	source src/exec/ctx.c '#include "src/exec/ctx.h"' 'void table(void), memory(void);' \
		'void ctx(void) { table(); memory(); }'
	source src/ops/a.c '#include <sgan/ops.h>' '#include "src/exec/ctx.h"' 'void b(void), c(void);' \
		'void a(void) { b(); c(); }'
	source src/ops/b.c 'void c(void);' 'void b(void) { c(); }'
	source src/ops/c.c 'void ctx(void);' 'void c(void) { ctx(); }'
	source src/sgan/train/train.c 'void a(void), file(void);' 'void train(void) { a(); file(); }'
}

# verdict NAME STATUS PATTERN: compiles the tree; the check ends with STATUS and says PATTERN
verdict()
{
	(cd "$dir/tree" && find kernels src -name '*.c' | while read -r file; do
		$CC -I. -Iinclude -c -o "${file%.c}.o" "$file" || exit 1
	done) >"$dir/log" 2>&1 || {
		echo "not ok $1: the made-up tree does not compile"
		cat "$dir/log"
		failed=1
		return
	}
	sh "$check" "$dir/tree" "$dir/tree" >"$dir/log" 2>&1
	status=$?
	if [ $status -eq "$2" ] && grep -q -e "$3" "$dir/log"; then
		echo "ok $1"
	else
		echo "not ok $1: status $status, expected $2 and \"$3\":"
		sed 's/^/    /' "$dir/log"
		failed=1
	fi
}

plant
verdict "a tree in order" 0 '^7 includes, 8 objects: 0 found to be wrong$'

plant
source src/exec/ctx.h '#include "src/ops/ops.h"'
source src/ops/ops.h ''
verdict "an upward include" 1 'src/exec/ctx.h:1 includes src/ops/ops.h: src/exec must not use src/ops$'

plant
source kernels/table.c '#include <sgan/ops.h>' 'void table(void) {}'
verdict "an upward include of a public header" 1 'kernels/table.c:1 includes include/sgan/ops.h: kernels must not use '

plant
source src/cpu/memory.c 'void table(void);' 'void memory(void) { table(); }'
verdict "an upward symbol" 1 'src/cpu/memory.c needs table of kernels/table.c: src/cpu must not use kernels$'

plant
source src/io/file.c 'void train(void);' 'void file(void) { train(); }'
verdict "a leaf that reaches up" 1 'src/io/file.c needs train of .*: src/io must not use src/sgan/train$'

plant
source src/ops/a.c '#include "../exec/gone.h"' 'void a(void) {}'
: >"$dir/tree/src/exec/gone.h"
verdict "an include that leads out of its folder" 1 'src/ops/a.c:1 includes ../exec/gone.h, which is not there$'

plant
source src/ops/c.c 'void b(void);' 'void c(void) { b(); }'
verdict "a circle of two" 1 'src/ops: 2 files need each other'

plant
source src/ops/c.c 'void a(void);' 'void c(void) { a(); }'
source src/ops/a.c 'void b(void);' 'void a(void) { b(); }'
verdict "a circle of three" 1 'src/ops: 3 files need each other'
verdict "the circle's steps" 1 '    src/ops/[abc].c needs [abc] of src/ops/[abc].c$'

plant
source src/attic/old.c 'void table(void);' 'void old(void) { table(); }'
verdict "a folder that it does not know" 1 'src/attic/old.c is in no folder that check-layers.sh knows$'

plant
sh "$check" "$dir/tree" "$dir/tree" >"$dir/log" 2>&1
if [ $? -eq 99 ] && grep -q 'nothing has been built' "$dir/log"; then echo "ok nothing built"; else
	echo "not ok nothing built"
	failed=1
fi

exit $failed
