/* Scatter to few channels: every result value is a dot product over taps and source channels, in vectors of channels,
 * whose lanes are added up once at the end. It knows nothing of threads' number but how finely to cut.
 *
 * Work is the nominal one: of a result pixel only the taps that fall inside the source are summed, x_c * y_c
 * multiply-adds each. The source is read once from memory (an image's rows stay in the second-level cache while taps
 * pass over them) and the result, x_c of y_c channels, is next to nothing: taps * x_c multiply-adds for each source
 * value of 4 bytes, 75 for an image's 3 channels and 25 taps. So arithmetic bounds it, except with one channel and 9
 * taps. */
#include "src/ops/conv/dots.h"

#include "src/exec/ctx.h"
#include "src/ops/conv/algorithms.h"

/* Chunks for each thread, so that the last to finish is not long alone. */
enum { CHUNKS_PER_THREAD = 16, LEAST_BAND = 4 };

struct dots_job {
	const struct conv_call *call;
	size_t shares, bands; /* of the images; of the rows */
};

/* Results of one axis that have the same taps, each with sources one further than those of the result before. */
struct alike {
	size_t first, count; /* results first, first + stride, ... */
	struct axis_taps taps; /* of the first */
};

/* Results of a rectangle that have the same taps, in `images` images. */
struct dots_area {
	const struct conv_call *call;
	struct alike row, col;
	const struct sgan_tap *tap;
	size_t images;
	const real *src; /* of the first row and column, in the first image */
	real *dst;
};

/* From result x on, before `end`. */
static struct alike alike_from(const struct axis *a, size_t x, size_t end)
{
	struct axis_phase p = sgan_axis_phase(a, true, x % a->stride);
	size_t i = x / a->stride;

	return (struct alike){
		.first = x,
		.count = sgan_axis_same_taps(&p, i, ceil_div(end - p.first, p.step)),
		.taps = sgan_axis_taps(a, true, x),
	};
}

/* Elements that y's channels take up in vectors of the tile of few columns. */
static size_t depth(const struct conv_problem *problem)
{
	return round_up(problem->base.y_c, problem->kernels->dots_vec);
}

static void list_taps(const struct conv_problem *problem, const struct axis_taps *row, const struct axis_taps *col,
                      struct sgan_tap *tap)
{
	const struct conv_base *b = &problem->base;

	for (size_t i = 0; i < row->count; i++)
		for (size_t j = 0; j < col->count; j++, tap++) {
			ptrdiff_t y = (ptrdiff_t)i * row->source_step, x = (ptrdiff_t)j * col->source_step;
			size_t at = (row->tap + i * row->tap_step) * b->w.kernel + col->tap + j * col->tap_step;
			*tap = (struct sgan_tap){ (y * (ptrdiff_t)b->w.y + x) * (ptrdiff_t)b->y_c, at * depth(problem) * b->x_c };
		}
}

static size_t tile_rows(const struct conv_problem *problem)
{
	return problem->kernels->dots_sums / problem->base.x_c;
}

struct conv_ahead sgan_conv_dots_ahead(const struct conv_base *base, ptrdiff_t ld_src, size_t m)
{
	ptrdiff_t pixel = (ptrdiff_t)base->y_c;

	if (ld_src == pixel)
		return (struct conv_ahead){ (ptrdiff_t)base->w.y * pixel, 0, 1, m * base->y_c };
	return (struct conv_ahead){ pixel, ld_src, m, base->y_c };
}

/* The processor's own prefetching follows a tile's many streams too late. Addresses beyond the source do no harm. */
static void fetch(const real *src, const struct conv_ahead *ahead)
{
	const real *stretch = src + ahead->first;

	for (size_t i = 0; i < ahead->count; i++, stretch += ahead->step)
		for (size_t l = 0; l < ahead->length; l += SGAN_ALIGN / sizeof(real))
			__builtin_prefetch(stretch + l, 0, 2);
}

/* A direction of an area: how many results it has there, and their distance in source and result. */
struct direction {
	size_t count;
	ptrdiff_t src, dst;
};

/* Results in one direction, in tiles as even as can be. */
static void run_line(const struct dots_area *area, const real *src, real *dst, const struct direction *along)
{
	const struct conv_call *call = area->call;
	const struct conv_base *base = &call->problem->base;
	size_t tiles = ceil_div(along->count, tile_rows(call->problem)), taps = area->row.taps.count * area->col.taps.count;

	for (size_t t = 0; t < tiles; t++) {
		size_t first = share_begin(along->count, tiles, t), m = share_begin(along->count, tiles, t + 1) - first;
		const real *from = src + (ptrdiff_t)first * along->src;
		struct conv_ahead ahead = sgan_conv_dots_ahead(base, along->src, m);
		fetch(from, &ahead);
		call->problem->kernels->dots(taps, area->tap, base->y_c, from, along->src, call->packed, call->epilogue.bias,
		                             dst + (ptrdiff_t)first * along->dst, along->dst, m, base->x_c);
	}
}

/* A tile's rows go along the area's longest direction: columns, rows (at the image's sides) or images (in its
 * corners). */
static void run_area(const struct dots_area *area)
{
	const struct conv_base *b = &area->call->problem->base;
	struct direction d[3] = {
		{ area->col.count, (ptrdiff_t)b->y_c, (ptrdiff_t)(b->w.stride * b->x_c) },
		{ area->row.count, (ptrdiff_t)(b->w.y * b->y_c), (ptrdiff_t)(b->h.stride * b->w.x * b->x_c) },
		{ area->images, (ptrdiff_t)conv_y_image(b), (ptrdiff_t)conv_x_image(b) },
	};
	size_t enough = tile_rows(area->call->problem) / 2;

	for (size_t i = 1; i < 3; i++)
		if (d[0].count < enough && d[i].count > d[0].count) {
			struct direction longer = d[i];
			d[i] = d[0];
			d[0] = longer;
		}
	for (ptrdiff_t i = 0; i < (ptrdiff_t)d[2].count; i++)
		for (ptrdiff_t j = 0; j < (ptrdiff_t)d[1].count; j++)
			run_line(area, area->src + i * d[2].src + j * d[1].src, area->dst + i * d[2].dst + j * d[1].dst, &d[0]);
}

/* Of `images` images from `image` on, all columns of the rows in `row`. */
static void run_rows(const struct conv_call *call, size_t image, size_t images, const struct alike *row,
                     struct sgan_tap *tap)
{
	const struct conv_base *b = &call->problem->base;

	for (size_t phase = 0; phase < sgan_axis_phases(&b->w, true); phase++)
		for (size_t x = phase; x < b->w.x;) {
			struct dots_area area = {
				.call = call, .row = *row, .col = alike_from(&b->w, x, b->w.x), .tap = tap, .images = images
			};
			ptrdiff_t pixel = area.row.taps.source * (ptrdiff_t)b->w.y + area.col.taps.source;
			list_taps(call->problem, &area.row.taps, &area.col.taps, tap);
			if (!area.row.taps.count || !area.col.taps.count)
				pixel = 0; /* nothing is read */
			area.src = call->src + image * conv_y_image(b) + pixel * (ptrdiff_t)b->y_c;
			area.dst = call->dst + ((image * b->h.x + row->first) * b->w.x + x) * b->x_c;
			run_area(&area);
			x += area.col.count * b->w.stride;
		}
}

/* A chunk is one band of rows in one share of the images. */
static void dots_chunk(void *arg, size_t chunk, int worker)
{
	const struct dots_job *job = arg;
	struct conv_call own = *job->call;
	const struct conv_call *call = &own;
	const struct conv_base *b = &call->problem->base;
	size_t share = chunk / job->bands, band = chunk % job->bands;
	size_t image = share_begin(call->images, job->shares, share);
	size_t images = share_begin(call->images, job->shares, share + 1) - image;
	size_t begin = share_begin(b->h.x, job->bands, band), end = share_begin(b->h.x, job->bands, band + 1);
	struct sgan_tap *tap = (struct sgan_tap *)(void *)conv_worker_memory(call, worker);

	own.packed = conv_packed(job->call, worker);
	image += call->first;
	for (size_t phase = 0; phase < b->h.stride && begin + phase < end; phase++)
		for (size_t y = begin + phase; y < end;) {
			struct alike row = alike_from(&b->h, y, end);
			run_rows(call, image, images, &row, tap);
			y += row.count * b->h.stride;
		}
	for (size_t i = image; i < image + images && call->epilogue.act != SGAN_ACT_NONE; i++) {
		size_t count = (end - begin) * b->w.x * b->x_c;
		real *dst = call->dst + (i * b->h.x + begin) * b->w.x * b->x_c;
		call->problem->kernels->act(count, dst, call->epilogue.act, call->epilogue.slope, dst);
	}
}

static sgan_status run(sgan_ctx *ctx, const struct conv_call *call)
{
	size_t wanted = CHUNKS_PER_THREAD * (size_t)ctx->at_once;
	struct dots_job job = {
		.call = call,
		.shares = ceil_div(call->images, ceil_div(tile_rows(call->problem), 2)),
		.bands = ceil_div(call->problem->base.h.x, LEAST_BAND),
	};

	job.bands = least_of(job.bands, ceil_div(wanted, job.shares)); /* no bit depends on it */
	sgan_parallel_for(ctx, job.shares * job.bands, dots_chunk, &job);
	return SGAN_OK;
}

/* --- the row of the table ---------------------------------------------------- */

static bool fits(const struct conv_problem *problem)
{
	return conv_has_few_channels(&problem->base);
}

/* What it was measured to reach of full tiles' rate, about; a panel of few channels would waste most of its columns. */
static double cost(const struct conv_problem *problem)
{
	static const double share = 0.6;
	const struct conv_base *b = &problem->base;

	return (double)problem->max_batch * (double)(b->h.y * b->w.y) * (double)problem->weight_count / share;
}

static size_t packed_count(const struct conv_problem *problem)
{
	return conv_taps(&problem->base) * problem->base.x_c * depth(problem);
}

/* To [tap][y_c / v][x_c][v], v = dots_vec, zero beyond y_c. */
static void pack(sgan_ctx *ctx, const struct conv_problem *problem, const real *weights, real *packed)
{
	const struct conv_base *b = &problem->base;
	size_t vec = problem->kernels->dots_vec, all = depth(problem);

	(void)ctx; /* few weights: no second thread is worth waking */
	for (size_t t = 0; t < conv_taps(b); t++, weights += b->x_c * b->y_c, packed += b->x_c * all)
		for (size_t c = 0; c < b->x_c; c++)
			for (size_t l = 0; l < all; l++)
				packed[(l / vec * b->x_c + c) * vec + l % vec] = l < b->y_c ? weights[c * b->y_c + l] : 0;
}

static size_t worker_bytes(const struct conv_problem *problem)
{
	return conv_round_bytes(conv_taps(&problem->base) * sizeof(struct sgan_tap));
}

const struct conv_algorithm sgan_conv_scatter_dots = {
	.name = "dots",
	.operation = CONV_SCATTER,
	.fits = fits,
	.cost = cost,
	.packed_count = packed_count,
	.pack = pack,
	.worker_bytes = worker_bytes,
	.run = run,
	.error = 8,
};
