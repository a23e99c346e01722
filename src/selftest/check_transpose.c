/* Transposition: every edge of a block, rows with gaps, against the generic one. */
#include <stdio.h>
#include <string.h>

#include "src/selftest/check.h"

static void transpose_case(struct check *c, size_t rows, size_t cols)
{
	size_t ld_src = cols + check_between(c, 0, 5), ld_dst = rows + check_between(c, 0, 5);
	size_t src_count = (rows - 1) * ld_src + cols, count = (cols - 1) * ld_dst + rows;
	real *src = check_input(c, src_count), *found = check_output(c, count), *expected = check_output(c, count);
	char what[64];

	check_fill(c, CHECK_REALS, src_count, src);
	check_fill(c, CHECK_REALS, count, found);
	memcpy(expected, found, count * sizeof(real));
	c->oracle->transpose(rows, cols, src, (ptrdiff_t)ld_src, expected, (ptrdiff_t)ld_dst);
	c->tested->transpose(rows, cols, src, (ptrdiff_t)ld_src, found, (ptrdiff_t)ld_dst);
	snprintf(what, sizeof what, "transpose %zu x %zu", rows, cols);
	check_same(c, count, found, expected, what);
	check_release(c, what);
}

void check_transpose(struct check *c)
{
	for (size_t rows = 1; rows <= 35; rows++)
		for (size_t cols = 1; cols <= 35 && !check_failed(c); cols++)
			transpose_case(c, rows, cols);
}
