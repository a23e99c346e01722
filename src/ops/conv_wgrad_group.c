/* The weight gradient of a group of pixels, for some channels of X and Y and all
 * taps: a sum of outer products of pixels, a tile of it at a time. It must not know
 * how the batch or the channels are cut.
 *
 * The group's pixels are first copied, the channels of a tile and of a panel each to
 * a place of their own: as they lie, with a power of two of channels between them,
 * they would fight for a few cache sets, and each would be on another page. */
#include "src/ops/conv_wgrad.h"

enum {
	STRIP = 16, /* pixels that are copied at a time: all channels of them, as they lie in memory */
	LINE = 64 / sizeof(real)
};

/* --- a worker's memory ------------------------------------------------------- */

static size_t padded_row(const struct conv_base *b)
{
	return (b->x_w + 2 * b->pad) * b->x_c;
}

/* Rows of X that a group's copy holds: all rows of whole images, also those at the bottom that the kernel's stride
 * never reaches, or those that a band of Y reaches. `all` is an image's, with or without padding. */
static size_t x_copy_rows(const struct sgan_conv_plan *plan, size_t all)
{
	size_t band = wgrad_band_rows(plan);

	if (plan->wgrad.images)
		return plan->wgrad.images * all;
	return band == plan->base.y_h ? all : conv_least(wgrad_reach(&plan->base, band), all);
}

static size_t x_copy_count(const struct sgan_conv_plan *plan, const struct wgrad_shape *s, size_t tiles)
{
	const struct conv_base *b = &plan->base;

	if (plan->wgrad.packed)
		return x_copy_rows(plan, b->x_h) * b->x_w * tiles * s->x_pitch;
	if (plan->weights == CONV_RUNS && b->pad)
		return x_copy_rows(plan, b->x_h + 2 * b->pad) * padded_row(b);
	return 0;
}

static size_t y_copy_count(const struct sgan_conv_plan *plan, const struct wgrad_shape *s, size_t panels)
{
	const struct conv_base *b = &plan->base;
	size_t images = plan->wgrad.images;

	return plan->wgrad.packed ? (images ? images * b->y_h : wgrad_band_rows(plan)) * b->y_w * panels * s->nr : 0;
}

size_t sgan_wgrad_worker_bytes(const struct sgan_conv_plan *plan, char *base, struct wgrad_memory *memory)
{
	struct wgrad_shape s = sgan_wgrad_shape(plan);
	size_t channels = conv_ceil_div(s.run, plan->wgrad.x_blocks);
	size_t tiles = conv_ceil_div(channels, s.mr), panels = conv_ceil_div(s.panels, plan->wgrad.y_blocks);
	size_t taps = conv_round_bytes(x_copy_count(plan, &s, tiles) * sizeof(real));
	size_t y = taps + conv_round_bytes(s.taps * sizeof(struct wgrad_tap));
	size_t sums = y + conv_round_bytes(y_copy_count(plan, &s, panels) * sizeof(real));

	if (memory)
		*memory = (struct wgrad_memory){
			.x = (real *)(void *)base,
			.taps = (struct wgrad_tap *)(void *)(base + taps),
			.y = (real *)(void *)(base + y),
			.sums = (real *)(void *)(base + sums),
		};
	return sums + conv_round_bytes(s.taps * tiles * s.mr * panels * s.nr * sizeof(real));
}

/* --- a group's pixels -------------------------------------------------------- */

/* Pixels in memory: the first, and the distances. */
struct wgrad_view {
	const real *first;
	size_t image, row, pixel;
	size_t first_row; /* which row of the tensor `first` is in */
	size_t copy;      /* from a tile's copy to the next; 0: not copied, channels lie as in the tensor */
};

static size_t tile_begin(const struct wgrad_channels *channels, size_t tile)
{
	return conv_part_begin(channels->count, channels->tiles, tile);
}

/* Whether a copy has the images' pixels of one position side by side: then the inner loops are longer than rows. */
static bool interleaves(const struct wgrad_job *job, const struct wgrad_group *group)
{
	const struct conv_base *b = &job->plan->base;

	return group->rows == b->y_h && (b->stride == 1 || group->images >= b->y_w);
}

/* Distances in a copy, in pixels: between an image's pixels, and between images. */
struct copy_steps {
	size_t pixel, image;
};

static struct copy_steps copy_steps(const struct wgrad_job *job, const struct wgrad_group *group, size_t pixels)
{
	if (interleaves(job, group))
		return (struct copy_steps){ group->images, 1 };
	return (struct copy_steps){ 1, pixels };
}

/* pixels: of an image. */
static void copy_x(const struct wgrad_job *job, const struct wgrad_channels *channels, const struct wgrad_group *group,
                   const real *src, size_t pixels, real *dst)
{
	size_t x_c = job->plan->base.x_c, pitch = job->shape.x_pitch;
	struct copy_steps step = copy_steps(job, group, pixels);

	for (size_t image = 0; image < group->images; image++, src += pixels * x_c)
		for (size_t pixel = 0; pixel < pixels; pixel += STRIP)
			for (size_t i = 0; i < channels->tiles; i++) {
				size_t c = tile_begin(channels, i), to = pixel * step.pixel + image * step.image;
				job->plan->kernels->copy(conv_least(pixels - pixel, STRIP), tile_begin(channels, i + 1) - c,
				                         src + pixel * x_c + channels->c + c, (ptrdiff_t)x_c,
				                         dst + (i * group->images * pixels + to) * pitch,
				                         (ptrdiff_t)(step.pixel * pitch));
			}
}

static void copy_y(const struct wgrad_job *job, const struct wgrad_channels *channels, const struct wgrad_group *group,
                   const real *src, size_t pixels, real *dst)
{
	size_t nr = job->shape.nr, y_c = job->plan->base.y_c;
	struct copy_steps step = copy_steps(job, group, pixels);

	for (size_t image = 0; image < group->images; image++, src += pixels * y_c)
		for (size_t pixel = 0; pixel < pixels; pixel += STRIP)
			for (size_t i = 0; i < channels->panels; i++) {
				size_t column = (channels->panel + i) * nr, to = pixel * step.pixel + image * step.image;
				job->plan->kernels->copy(conv_least(pixels - pixel, STRIP), conv_least(y_c - column, nr),
				                         src + pixel * y_c + column, (ptrdiff_t)y_c,
				                         dst + (i * group->images * pixels + to) * nr, (ptrdiff_t)(step.pixel * nr));
			}
}

static const real *y_first(const struct wgrad_job *job, const struct wgrad_group *group)
{
	const struct conv_base *b = &job->plan->base;

	return job->y + (group->image * b->y_h + group->row) * b->y_w * b->y_c;
}

static struct wgrad_view view_y(const struct wgrad_job *job, const struct wgrad_channels *channels,
                                const struct wgrad_group *group, struct wgrad_memory *memory)
{
	const struct conv_base *b = &job->plan->base;
	size_t pixels = group->rows * b->y_w, nr = job->shape.nr;
	struct copy_steps step = copy_steps(job, group, pixels);

	if (!job->plan->wgrad.packed)
		return (
			struct wgrad_view){ y_first(job, group), b->y_h * b->y_w * b->y_c, b->y_w * b->y_c, b->y_c, group->row, 0 };
	copy_y(job, channels, group, y_first(job, group), pixels, memory->y);
	return (struct wgrad_view){ memory->y,       step.image * nr, b->y_w * step.pixel * nr,
		                        step.pixel * nr, group->row,      group->images * pixels * nr };
}

/* Rows of X that a group reaches: all, or some of one image. */
static void reached_rows(const struct conv_base *b, const struct wgrad_group *group, size_t *first, size_t *rows)
{
	size_t top = group->row * b->stride, end = top + wgrad_reach(b, group->rows);
	size_t last = end > b->pad ? conv_least(end - b->pad, b->x_h) : 0;

	*first = 0;
	*rows = b->x_h;
	if (group->rows == b->y_h)
		return;
	*first = conv_least(top > b->pad ? top - b->pad : 0, last);
	*rows = last - *first;
}

static struct wgrad_view view_x(const struct wgrad_job *job, const struct wgrad_channels *channels,
                                const struct wgrad_group *group, struct wgrad_memory *memory)
{
	const struct conv_base *b = &job->plan->base;
	struct wgrad_view view = { NULL, b->x_h * b->x_w * b->x_c, b->x_w * b->x_c, b->x_c, 0, 0 };
	size_t rows, pitch = job->shape.x_pitch;
	struct copy_steps step;

	reached_rows(b, group, &view.first_row, &rows);
	view.first = job->x + group->image * view.image + view.first_row * view.row;
	if (!job->plan->wgrad.packed)
		return view;
	step = copy_steps(job, group, rows * b->x_w);
	view.copy = group->images * rows * b->x_w * pitch;
	copy_x(job, channels, group, view.first, rows * b->x_w, memory->x);
	view.first = memory->x;
	view.image = step.image * pitch;
	view.row = b->x_w * step.pixel * pitch;
	view.pixel = step.pixel * pitch;
	return view;
}

/* Few channels: images that have their padding, a kernel row of which is one tap. Rows count from the padding's. */
static struct wgrad_view view_runs(const struct wgrad_job *job, const struct wgrad_group *group,
                                   struct wgrad_memory *memory)
{
	const struct conv_base *b = &job->plan->base;
	size_t rows = group->rows == b->y_h ? b->x_h + 2 * b->pad : wgrad_reach(b, group->rows);
	size_t first_row = group->row * b->stride;
	struct wgrad_view view = { memory->x, rows * padded_row(b), padded_row(b), b->x_c, first_row, 0 };
	const real *image = job->x + group->image * b->x_h * b->x_w * b->x_c;

	if (!b->pad) {
		view.first = image + first_row * view.row;
		view.image = b->x_h * view.row;
		return view;
	}
	for (size_t i = 0; i < group->images; i++, image += b->x_h * b->x_w * b->x_c)
		sgan_conv_copy_padded(b, image, first_row, rows, memory->x + i * view.image);
	return view;
}

/* --- walks ------------------------------------------------------------------- */

/* Positions of Y that one tap takes inside X: `count` from `first`, and X's coordinate of the first. */
struct span {
	size_t first, count, x;
};

static struct span valid_span(size_t tap, size_t stride, size_t pad, size_t x, size_t begin, size_t end)
{
	size_t first = tap < pad ? conv_ceil_div(pad - tap, stride) : 0;
	size_t last = x + pad > tap ? (x + pad - tap - 1) / stride + 1 : 0;

	if (first < begin)
		first = begin;
	if (last > end)
		last = end;
	if (last <= first)
		return (struct span){ 0 };
	return (struct span){ first, last - first, first * stride + tap - pad };
}

static void spans_of(const struct wgrad_job *job, const struct wgrad_group *group, size_t tap, struct span *h,
                     struct span *w)
{
	const struct conv_base *b = &job->plan->base;

	if (job->plan->weights == CONV_RUNS) {
		*h = (struct span){ group->row, group->rows, group->row * b->stride + tap };
		*w = (struct span){ 0, b->y_w, 0 };
		return;
	}
	*h = valid_span(tap / b->k_w, b->stride, b->pad, b->x_h, group->row, group->row + group->rows);
	*w = valid_span(tap % b->k_w, b->stride, b->pad, b->x_w, 0, b->y_w);
}

/* Images as the inner loop. */
static void turn_inside_out(struct wgrad_tap *tap)
{
	struct sgan_walk w = tap->walk;

	tap->walk.images = w.rows;
	tap->walk.src_image = w.src_row;
	tap->walk.diff_image = w.diff_row;
	tap->walk.rows = tap->cols;
	tap->walk.src_row = w.src_col;
	tap->walk.diff_row = w.diff_col;
	tap->cols = w.images;
	tap->walk.src_col = w.src_image;
	tap->walk.diff_col = w.diff_image;
}

/* The inner loop as long as can be, in the same order. */
static void lengthen(struct wgrad_tap *tap)
{
	struct sgan_walk *w = &tap->walk;
	ptrdiff_t cols = (ptrdiff_t)tap->cols;

	if (w->rows == 1 || cols == 1 || (w->src_row == cols * w->src_col && w->diff_row == cols * w->diff_col)) {
		w->src_col = cols == 1 ? w->src_row : w->src_col;
		w->diff_col = cols == 1 ? w->diff_row : w->diff_col;
		tap->cols *= w->rows;
		w->rows = w->images; /* what was outermost is now next */
		w->src_row = w->src_image;
		w->diff_row = w->diff_image;
		w->images = 1;
	}
	cols = (ptrdiff_t)tap->cols;
	if (w->images == 1 && (cols == 1 || (w->src_row == cols * w->src_col && w->diff_row == cols * w->diff_col))) {
		w->src_col = cols == 1 ? w->src_row : w->src_col;
		w->diff_col = cols == 1 ? w->diff_row : w->diff_col;
		tap->cols *= w->rows;
		w->rows = 1;
	}
}

static void find_tap(const struct wgrad_job *job, const struct wgrad_group *group, const struct wgrad_view *x,
                     const struct wgrad_view *y, size_t index, struct wgrad_tap *tap)
{
	size_t stride = job->plan->base.stride;
	struct span h, w;

	spans_of(job, group, index, &h, &w);
	*tap = (struct wgrad_tap){ .cols = 0 };
	tap->walk = (struct sgan_walk){
		.images = 1,
		.rows = 1,
		.parts = 1,
		.part_end = &tap->cols,
		.src_image = (ptrdiff_t)x->image,
		.src_row = (ptrdiff_t)(stride * x->row),
		.src_col = (ptrdiff_t)(stride * x->pixel),
		.diff_image = (ptrdiff_t)y->image,
		.diff_row = (ptrdiff_t)y->row,
		.diff_col = (ptrdiff_t)y->pixel,
	};
	if (!h.count || !w.count)
		return;
	tap->walk.images = group->images;
	tap->walk.rows = h.count;
	tap->cols = w.count;
	tap->x = (h.x - x->first_row) * x->row + w.x * x->pixel;
	tap->y = (h.first - y->first_row) * y->row + w.first * y->pixel;
	if (job->plan->wgrad.packed && interleaves(job, group))
		turn_inside_out(tap);
	lengthen(tap);
}

/* --- sums -------------------------------------------------------------------- */

/* Memory that the next group reads, for kernels to ask for while this one's is worked on: of X, then of Y, a cache
 * line of each pixel, then the next line of each. */
struct wgrad_ahead {
	struct ahead_part {
		const real *first;
		size_t pitch, pixels, lines; /* where all channels are wanted, a "pixel" is a cache line */
		size_t line, pixel;          /* the next to ask for */
	} part[2];
	size_t current;
};

static struct ahead_part ahead_part(const real *first, size_t pixels, size_t pitch, size_t begin, size_t count)
{
	if (count == pitch)
		return (struct ahead_part){ first, LINE, conv_ceil_div(pixels * pitch, LINE), 1, 0, 0 };
	return (struct ahead_part){ first + begin, pitch, pixels, conv_ceil_div(count + LINE / 2, LINE), 0, 0 };
}

static struct wgrad_ahead find_ahead(const struct wgrad_job *job, const struct wgrad_channels *channels,
                                     const struct wgrad_group *next)
{
	const struct conv_base *b = &job->plan->base;
	size_t first, rows, column = channels->panel * job->shape.nr;
	size_t columns = conv_least(channels->panels * job->shape.nr, b->y_c - column);
	struct wgrad_ahead ahead = { .current = 2 };

	if (!next)
		return ahead;
	reached_rows(b, next, &first, &rows);
	ahead.current = 0;
	ahead.part[0] = ahead_part(job->x + (next->image * b->x_h + first) * b->x_w * b->x_c, next->images * rows * b->x_w,
	                           b->x_c, channels->c, job->plan->weights == CONV_RUNS ? b->x_c : channels->count);
	ahead.part[1] = ahead_part(y_first(job, next), next->images * next->rows * b->y_w, b->y_c, column, columns);
	return ahead;
}

static void ask_ahead(const struct wgrad_job *job, struct wgrad_ahead *ahead, struct wgrad_tap *tap)
{
	struct ahead_part *part = ahead->part + ahead->current;

	tap->walk.ahead = job->x;
	tap->walk.ahead_step = 0;
	if (ahead->current == 2)
		return;
	tap->walk.ahead = part->first + part->line * LINE + part->pixel * part->pitch;
	tap->walk.ahead_step = (ptrdiff_t)part->pitch;
	part->pixel += tap->walk.images * tap->walk.rows * tap->cols;
	if (part->pixel < part->pixels)
		return;
	part->pixel = 0;
	if (++part->line == part->lines)
		ahead->current++;
}

/* One tile of one panel, all taps. */
struct wgrad_tile {
	size_t index, panel; /* of the chunk's */
	size_t c, m;         /* from the chunk's first value of the run */
	size_t columns;
};

static void sum_tile(const struct wgrad_job *job, const struct wgrad_channels *channels, const struct wgrad_tile *tile,
                     const real *x, const real *y, struct wgrad_target target, struct wgrad_memory *memory,
                     struct wgrad_ahead *ahead)
{
	const struct wgrad_shape *s = &job->shape;
	size_t y_c = job->plan->base.y_c, ld = target.tensor ? y_c : s->nr;
	size_t step = target.tensor ? s->run * y_c : s->mr * s->nr;
	real *to = memory->sums + (tile->panel * channels->tiles + tile->index) * s->taps * step;

	if (target.tensor)
		to = target.tensor + (channels->c + tile->c) * y_c + (channels->panel + tile->panel) * s->nr;
	for (size_t i = 0; i < s->taps; i++, to += step) {
		struct wgrad_tap *tap = memory->taps + i;
		if (!tap->cols && target.add)
			continue;
		ask_ahead(job, ahead, tap);
		job->plan->kernels->wgrad(&tap->walk, x + tap->x, y + tap->y, to, (ptrdiff_t)ld, tile->m, tile->columns,
		                          target.add);
	}
}

static struct wgrad_tile tile_at(const struct wgrad_job *job, const struct wgrad_channels *channels, size_t index,
                                 size_t panel)
{
	struct wgrad_tile tile = { .index = index, .panel = panel, .c = tile_begin(channels, index) };

	tile.m = tile_begin(channels, index + 1) - tile.c;
	tile.columns = conv_least(job->plan->base.y_c - (channels->panel + panel) * job->shape.nr, job->shape.nr);
	return tile;
}

void sgan_wgrad_sum_group(const struct wgrad_job *job, const struct wgrad_channels *channels,
                          const struct wgrad_group *group, const struct wgrad_group *next, struct wgrad_target target,
                          struct wgrad_memory *memory)
{
	bool runs = job->plan->weights == CONV_RUNS;
	struct wgrad_view y = view_y(job, channels, group, memory);
	struct wgrad_view x = runs ? view_runs(job, group, memory) : view_x(job, channels, group, memory);
	struct wgrad_ahead ahead = find_ahead(job, channels, next);

	for (size_t i = 0; i < job->shape.taps; i++)
		find_tap(job, group, &x, &y, i, memory->taps + i);
	for (size_t panel = 0; panel < channels->panels; panel++)
		for (size_t i = 0; i < channels->tiles; i++) {
			struct wgrad_tile tile = tile_at(job, channels, i, panel);
			const real *tile_x = x.first + (x.copy ? i * x.copy : channels->c + tile.c);
			const real *tile_y = y.first + (y.copy ? panel * y.copy : (channels->panel + panel) * job->shape.nr);
			sum_tile(job, channels, &tile, tile_x, tile_y, target, memory, &ahead);
		}
}

void sgan_wgrad_write_sums(const struct wgrad_job *job, const struct wgrad_channels *channels,
                           struct wgrad_target target, const struct wgrad_memory *memory)
{
	const struct sgan_kernels *kernels = job->plan->kernels;
	const struct wgrad_shape *s = &job->shape;
	const real *sums = memory->sums;
	size_t y_c = job->plan->base.y_c;

	for (size_t panel = 0; panel < channels->panels; panel++)
		for (size_t i = 0; i < channels->tiles * s->taps; i++, sums += s->mr * s->nr) {
			struct wgrad_tile tile = tile_at(job, channels, i / s->taps, panel);
			real *to =
				target.tensor + (i % s->taps * s->run + channels->c + tile.c) * y_c + (channels->panel + panel) * s->nr;
			if (!target.add)
				kernels->copy(tile.m, tile.columns, sums, (ptrdiff_t)s->nr, to, (ptrdiff_t)y_c);
			for (size_t row = 0; row < tile.m && target.add; row++)
				kernels->add(tile.columns, sums + row * s->nr, to + row * y_c);
		}
}
