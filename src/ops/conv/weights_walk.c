/* See weights_walk.h. */
#include "src/ops/conv/weights_walk.h"

/* Positions of Y that one tap links with X along both axes, and X's row and column of the first. */
struct linked {
	struct axis_range h, w;
	size_t x_row, x_col;
};

/* Kernel rows as taps read padded images, in which all positions are linked. */
static struct linked linked_rows(const struct conv_base *b, const struct conv_weights_group *group, size_t tap)
{
	return (struct linked){
		.h = { group->row, group->row + group->rows },
		.w = { 0, b->w.y },
		.x_row = axis_padded_x(&b->h, group->row, tap),
	};
}

static struct linked linked_pixels(const struct conv_base *b, const struct conv_weights_group *group, size_t tap)
{
	size_t i = tap / b->w.kernel, j = tap % b->w.kernel;
	struct linked l = {
		.h = sgan_axis_destinations(&b->h, i, group->row, group->row + group->rows),
		.w = sgan_axis_destinations(&b->w, j, 0, b->w.y),
	};

	l.x_row = axis_padded_x(&b->h, l.h.begin, i) - b->h.pad;
	l.x_col = axis_padded_x(&b->w, l.w.begin, j) - b->w.pad;
	return l;
}

/* Loops over images, rows, columns become loops over rows, columns, images. */
static void turn_inside_out(struct conv_weights_tap *tap)
{
	struct sgan_walk w = tap->walk;

	tap->walk.images = w.rows;
	tap->walk.x_image = w.x_row;
	tap->walk.y_image = w.y_row;
	tap->walk.rows = tap->cols;
	tap->walk.x_row = w.x_col;
	tap->walk.y_row = w.y_col;
	tap->cols = w.images;
	tap->walk.x_col = w.x_image;
	tap->walk.y_col = w.y_image;
}

/* Whether the next row begins where one more step of the inner loop would be; a loop of one step has any step. */
static bool rows_join(const struct conv_weights_tap *tap)
{
	const struct sgan_walk *w = &tap->walk;
	ptrdiff_t cols = (ptrdiff_t)tap->cols;

	return cols == 1 || (w->x_row == cols * w->x_col && w->y_row == cols * w->y_col);
}

/* Makes the two inner loops one. */
static void join_rows(struct conv_weights_tap *tap)
{
	struct sgan_walk *w = &tap->walk;

	w->x_col = tap->cols == 1 ? w->x_row : w->x_col;
	w->y_col = tap->cols == 1 ? w->y_row : w->y_col;
	tap->cols *= w->rows;
	w->rows = 1;
}

/* Without changing the order of pixels: rows that follow on evenly join the inner loop, then images do. */
static void lengthen(struct conv_weights_tap *tap)
{
	struct sgan_walk *w = &tap->walk;

	if (w->rows == 1 || rows_join(tap)) {
		join_rows(tap);
		w->rows = w->images; /* what was outermost is now next */
		w->x_row = w->x_image;
		w->y_row = w->y_image;
		w->images = 1;
	}
	if (w->images == 1 && rows_join(tap))
		join_rows(tap);
}

void sgan_weights_walk(const struct conv_problem *problem, const struct conv_weights_group *group,
                       const struct conv_pixels *x, const struct conv_pixels *y, size_t index,
                       struct conv_weights_tap *tap)
{
	const struct conv_base *b = &problem->base;
	struct linked l = problem->cut.shape.kernel_rows ? linked_rows(b, group, index) : linked_pixels(b, group, index);

	*tap = (struct conv_weights_tap){ .cols = 0 };
	tap->walk = (struct sgan_walk){
		.images = 1,
		.rows = 1,
		.ranges = 1,
		.range_end = &tap->cols,
		.x_image = (ptrdiff_t)x->image,
		.x_row = (ptrdiff_t)(b->h.stride * x->row),
		.x_col = (ptrdiff_t)(b->w.stride * x->pixel),
		.y_image = (ptrdiff_t)y->image,
		.y_row = (ptrdiff_t)y->row,
		.y_col = (ptrdiff_t)y->pixel,
	};
	if (l.h.begin == l.h.end || l.w.begin == l.w.end)
		return;
	tap->walk.images = group->images;
	tap->walk.rows = l.h.end - l.h.begin;
	tap->cols = l.w.end - l.w.begin;
	tap->x = (l.x_row - x->first_row) * x->row + l.x_col * x->pixel;
	tap->y = (l.h.begin - y->first_row) * y->row + l.w.begin * y->pixel;
	if (x->interleaved)
		turn_inside_out(tap);
	lengthen(tap);
}
