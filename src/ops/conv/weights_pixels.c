/* See weights_pixels.h. */
#include "src/ops/conv/weights_pixels.h"

#include "src/ops/conv/padded.h"
#include "src/ops/panels.h"

enum { STRIP = 16 }; /* pixels that are copied at a time: all channels of them, as they lie in memory */

/* --- room -------------------------------------------------------------------- */

static size_t band_rows(const struct conv_problem *problem)
{
	return ceil_div(problem->base.h.y, problem->cut.bands);
}

/* Rows of X that a group's copy holds: all rows of whole images, also those at the bottom that the kernel's stride
 * never reaches, or those that a band of Y reaches. `all` is an image's, with or without padding. */
static size_t x_copy_rows(const struct conv_problem *problem, size_t all)
{
	size_t band = band_rows(problem);

	if (problem->cut.images)
		return problem->cut.images * all;
	return band == problem->base.h.y ? all : least_of(axis_reach(&problem->base.h, band), all);
}

size_t sgan_weights_x_copy(const struct conv_problem *problem)
{
	const struct conv_base *b = &problem->base;
	const struct conv_weights_shape *s = &problem->cut.shape;
	size_t tiles = ceil_div(ceil_div(s->values, problem->cut.x_chunks), s->mr);

	if (s->kernel_rows)
		return conv_has_padding(b) ? x_copy_rows(problem, conv_padded(&b->h)) * conv_padded_row(b) : 0;
	return x_copy_rows(problem, b->h.x) * b->w.x * tiles * s->x_pitch;
}

size_t sgan_weights_y_copy(const struct conv_problem *problem)
{
	const struct conv_weights_shape *s = &problem->cut.shape;
	size_t panels = ceil_div(s->panels, problem->cut.y_chunks), images = problem->cut.images;
	size_t rows = images ? images * problem->base.h.y : band_rows(problem);

	return s->kernel_rows ? 0 : rows * problem->base.w.y * panels * s->nr;
}

/* --- copies ------------------------------------------------------------------ */

/* Whether a copy has the images' pixels of one position side by side, which makes images the inner loop of sums. With
 * stride 1 columns join it; otherwise it is as long as there are images, which should be no less than a row is. */
static bool interleaves(const struct conv_base *b, const struct conv_weights_group *group)
{
	return group->rows == b->h.y && ((b->h.stride == 1 && b->w.stride == 1) || group->images >= b->w.y);
}

/* What a view becomes when its pixels, `pixels` of each image, are copied to `copy` with `pitch` elements for each. */
static struct conv_pixels copied(const struct conv_pixels *view, const struct conv_weights_group *group, size_t pixels,
                                 size_t pitch, const real *copy)
{
	size_t width = view->row / view->pixel, pixel = view->interleaved ? group->images * pitch : pitch;

	return (struct conv_pixels){
		.first = copy,
		.image = view->interleaved ? pitch : pixels * pitch,
		.row = width * pixel,
		.pixel = pixel,
		.first_row = view->first_row,
		.copy = group->images * pixels * pitch,
		.interleaved = view->interleaved,
	};
}

/* Each tile's channels to a place of their own. */
static void copy_x(const struct conv_problem *problem, const struct conv_weights_chunk *chunk, size_t images,
                   size_t pixels, const struct conv_pixels *from, const struct conv_pixels *to, real *copy)
{
	size_t x_c = problem->base.x_c;

	for (size_t image = 0; image < images; image++)
		for (size_t pixel = 0; pixel < pixels; pixel += STRIP)
			for (size_t i = 0; i < chunk->tiles; i++) {
				size_t c = conv_chunk_tile(chunk, i);
				problem->kernels->copy(least_of(pixels - pixel, STRIP), conv_chunk_tile(chunk, i + 1) - c,
				                       from->first + image * from->image + pixel * x_c + chunk->c + c, (ptrdiff_t)x_c,
				                       copy + i * to->copy + image * to->image + pixel * to->pixel,
				                       (ptrdiff_t)to->pixel);
			}
}

/* Panels, as of a matrix with a row for each pixel. */
static void copy_y(const struct conv_problem *problem, const struct conv_weights_chunk *chunk, size_t images,
                   size_t pixels, const struct conv_pixels *from, const struct conv_pixels *to, real *copy)
{
	size_t nr = problem->cut.shape.nr, y_c = problem->base.y_c, column = chunk->panel * nr;

	for (size_t image = 0; image < images; image++) {
		struct sgan_panel_source source = {
			.first = from->first + image * from->image + column,
			.rows = pixels,
			.cols = least_of(chunk->panels * nr, y_c - column),
			.ld = y_c,
		};
		sgan_pack_panels(problem->kernels, &source, nr, copy + image * to->image, to->copy, to->pixel);
	}
}

/* --- views ------------------------------------------------------------------- */

struct axis_range sgan_weights_x_rows(const struct conv_base *b, const struct conv_weights_group *group)
{
	if (group->rows == b->h.y)
		return (struct axis_range){ 0, b->h.x };
	return sgan_axis_reached(&b->h, group->row, group->row + group->rows);
}

/* Kernel rows as taps: images with their padding. */
static struct conv_pixels padded_x(const struct conv_call *call, const struct conv_weights_group *group, real *copy)
{
	const struct conv_base *b = &call->problem->base;
	size_t rows = group->rows == b->h.y ? conv_padded(&b->h) : axis_reach(&b->h, group->rows);
	size_t first_row = group->row * b->h.stride, row = conv_padded_row(b);
	const real *image = call->x + group->image * conv_x_image(b);

	if (!conv_has_padding(b))
		return (struct conv_pixels){ image + first_row * row, b->h.x * row, row, b->x_c, first_row, 0, false };
	for (size_t i = 0; i < group->images; i++, image += conv_x_image(b))
		sgan_conv_copy_padded(b, image, first_row, rows, copy + i * rows * row);
	return (struct conv_pixels){ copy, rows * row, row, b->x_c, first_row, 0, false };
}

struct conv_pixels sgan_weights_x(const struct conv_call *call, const struct conv_weights_chunk *chunk,
                                  const struct conv_weights_group *group, real *copy)
{
	const struct conv_problem *problem = call->problem;
	const struct conv_base *b = &problem->base;
	struct axis_range rows = sgan_weights_x_rows(b, group);
	size_t pixels = (rows.end - rows.begin) * b->w.x;
	struct conv_pixels to, from = { .image = conv_x_image(b), .row = b->w.x * b->x_c, .pixel = b->x_c };

	if (problem->cut.shape.kernel_rows)
		return padded_x(call, group, copy);
	from.first_row = rows.begin;
	from.first = call->x + group->image * from.image + rows.begin * from.row;
	from.interleaved = interleaves(b, group);
	to = copied(&from, group, pixels, problem->cut.shape.x_pitch, copy);
	copy_x(problem, chunk, group->images, pixels, &from, &to, copy);
	return to;
}

struct conv_pixels sgan_weights_y(const struct conv_call *call, const struct conv_weights_chunk *chunk,
                                  const struct conv_weights_group *group, real *copy)
{
	const struct conv_problem *problem = call->problem;
	const struct conv_base *b = &problem->base;
	size_t pixels = group->rows * b->w.y;
	struct conv_pixels to, from = {
		.image = conv_y_image(b), .row = b->w.y * b->y_c, .pixel = b->y_c, .first_row = group->row
	};

	from.first = call->y + group->image * from.image + group->row * from.row;
	if (problem->cut.shape.kernel_rows)
		return from;
	from.interleaved = interleaves(b, group);
	to = copied(&from, group, pixels, problem->cut.shape.nr, copy);
	copy_y(problem, chunk, group->images, pixels, &from, &to, copy);
	return to;
}
