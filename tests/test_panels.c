/* Panels of matrices of all small shapes, element by element, with every instruction set that this machine has; and
 * that nothing beside them is written. */
#include <criterion/criterion.h>

#include "src/cpu/memory.h"
#include "src/exec/ctx.h"
#include "src/ops/panels.h"

enum { MOST_ROWS = 40, MOST_COLS = 70, MOST_LD = 80, MOST_NR = 32, GAP = 5 };

static const real unwritten = -1;
static real *matrix, *panels;

static real value(size_t r, size_t c)
{
	return (real)(1 + r * MOST_COLS + c);
}

static struct sgan_panel_source source(size_t rows, size_t cols, size_t ld, bool transposed)
{
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < cols; c++)
			matrix[transposed ? c * ld + r : r * ld + c] = value(r, c);
	return (struct sgan_panel_source){ matrix, rows, cols, ld, transposed };
}

static void clear(size_t count)
{
	for (size_t i = 0; i < count; i++)
		panels[i] = unwritten;
}

/* What a panel holds at row r, column c of it. */
static real expected(const struct sgan_panel_source *src, size_t nr, size_t panel, size_t r, size_t c)
{
	return panel * nr + c < src->cols ? value(r, panel * nr + c) : 0;
}

static void expect_panel(const struct sgan_kernels *kernels, const struct sgan_panel_source *src, size_t nr,
                         size_t panel)
{
	size_t count = src->rows * nr;

	clear(count + GAP);
	sgan_pack_panel(kernels, src, nr, panel, panels);
	for (size_t i = 0; i < count + GAP; i++) {
		real wanted = i < count ? expected(src, nr, panel, i / nr, i % nr) : unwritten;
		cr_assert_eq(panels[i], wanted, "%zux%zu, ld %zu%s, nr %zu, panel %zu: element %zu", src->rows, src->cols,
		             src->ld, src->transposed ? ", transposed" : "", nr, panel, i);
	}
}

static void expect_panels(const struct sgan_kernels *kernels, const struct sgan_panel_source *src, size_t nr)
{
	size_t ld_row = nr + GAP, ld_panel = src->rows * ld_row + GAP, count = (src->cols + nr - 1) / nr * ld_panel;

	clear(count);
	sgan_pack_panels(kernels, src, nr, panels, ld_panel, ld_row);
	for (size_t i = 0; i < count; i++) {
		size_t panel = i / ld_panel, r = i % ld_panel / ld_row, c = i % ld_panel % ld_row;
		real wanted = r < src->rows && c < nr ? expected(src, nr, panel, r, c) : unwritten;
		cr_assert_eq(panels[i], wanted, "%zux%zu, nr %zu: panel %zu, row %zu, column %zu", src->rows, src->cols, nr,
		             panel, r, c);
	}
}

static void each_shape(const struct sgan_kernels *kernels)
{
	static const size_t heights[] = { 1, 2, 7, 8, 9, 15, 16, 17, 31, MOST_ROWS };

	for (size_t nr = 16; nr <= MOST_NR; nr += 16)
		for (size_t h = 0; h < sizeof heights / sizeof *heights; h++)
			for (size_t cols = 1; cols <= MOST_COLS; cols += cols < 2 * nr + 2 ? 1 : 5)
				for (size_t transposed = 0; transposed < 2; transposed++) {
					size_t rows = heights[h], ld = (transposed ? rows : cols) + (rows + cols) % 4;
					struct sgan_panel_source src = source(rows, cols, ld, transposed);
					for (size_t panel = 0; panel * nr < cols; panel++)
						expect_panel(kernels, &src, nr, panel);
					if (!transposed)
						expect_panels(kernels, &src, nr);
				}
}

Test(panels, hold_the_matrix_and_zeros_beyond_it)
{
	matrix = sgan_alloc(MOST_LD * MOST_COLS, sizeof(real));
	panels = sgan_alloc(8 * (MOST_NR + GAP) * (MOST_ROWS + 1), sizeof(real));
	cr_assert(matrix && panels);
	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++)
		if (sgan_isa_usable((sgan_isa)isa))
			each_shape(sgan_kernels_for((sgan_isa)isa));
	sgan_free(matrix);
	sgan_free(panels);
}

Test(panels, columns)
{
	cr_expect_eq(sgan_panel_cols(40, 16, 0), 16);
	cr_expect_eq(sgan_panel_cols(40, 16, 2), 8);
	cr_expect_eq(sgan_panel_cols(32, 16, 1), 16);
	cr_expect_eq(sgan_panel_cols(32, 16, 2), 0);
	cr_expect_eq(sgan_panel_cols(32, 16, 5), 0);
}
