/* Scatter to few channels: every result value is a dot product over taps and
 * source channels, in vectors of channels, whose lanes are added up once at the
 * end. It knows nothing of threads' number but how finely to cut.
 *
 * Work is the nominal one: of a result pixel only the taps that fall inside the
 * source are summed, x_c * y_c multiply-adds each. The source is read once from
 * memory (an image's rows stay in the second-level cache while taps pass over
 * them) and the result, x_c of y_c channels, is next to nothing: k_h * k_w * x_c
 * multiply-adds for each source value of 4 bytes, 75 for an image's 3 channels
 * and 25 taps. So arithmetic bounds it, except with one channel and 9 taps. */
#include "src/ops/conv_plan.h"
#include "src/exec/ctx.h"

/* Chunks for each thread, so that the last to finish is not long alone. */
enum { CHUNKS_PER_THREAD = 16, LEAST_BAND = 4 };

/* One direction of the image: x positions from y positions. */
struct axis {
	size_t x, y, k, stride, pad;
};

/* Result positions first, first + stride, ... that have the same taps: i = tap, tap + stride, ... reaching
 * source positions source, source - 1, ... of the first, and one further for each next position. */
struct span {
	size_t first, count;
	size_t tap, taps, source;
};

struct dots_job {
	const struct conv_call *call;
	struct axis rows, cols;
	size_t groups, bands;
};

/* Rows and columns of a block with the same taps, in `images` images. */
struct block {
	const struct dots_job *job;
	struct span row, col;
	const struct sgan_tap *tap;
	size_t images;
	const real *src; /* of the first row and column, in the first image */
	real *dst;
};

static struct span taps_of(const struct axis *a, size_t x)
{
	size_t at = x + a->pad, phase = at % a->stride, high = at / a->stride;
	size_t steps = phase < a->k ? (a->k - phase - 1) / a->stride + 1 : 0; /* taps of the phase */
	size_t skip = high >= a->y ? high - a->y + 1 : 0;                     /* those that reach beyond the source's end */
	size_t most = high + 1 < steps ? high + 1 : steps;                    /* and before its begin */

	if (skip >= most)
		return (struct span){ .first = x, .count = 1 };
	return (struct span){ x, 1, phase + skip * a->stride, most - skip, high - skip };
}

static struct span span_at(const struct axis *a, size_t x, size_t end)
{
	struct span s = taps_of(a, x);

	for (x += a->stride; x < end; x += a->stride, s.count++) {
		struct span next = taps_of(a, x);
		if (next.tap != s.tap || next.taps != s.taps)
			break;
	}
	return s;
}

static size_t list_taps(const struct sgan_conv_plan *plan, const struct span *row, const struct span *col,
                        struct sgan_tap *tap)
{
	const struct conv_base *b = &plan->base;
	size_t weights = conv_ceil_div(b->y_c, plan->kernels->dots_vec) * plan->kernels->dots_vec * b->x_c, count = 0;

	for (size_t i = 0; i < row->taps; i++)
		for (size_t j = 0; j < col->taps; j++)
			tap[count++] = (struct sgan_tap){
				-(ptrdiff_t)((i * b->y_w + j) * b->y_c),
				((row->tap + i * b->stride) * b->k_w + col->tap + j * b->stride) * weights,
			};
	return count;
}

static size_t tile_rows(const struct sgan_conv_plan *plan)
{
	return plan->kernels->dots_sums / plan->base.x_c;
}

/* The source's next row, which the row of results below is the first to need: the processor's own prefetching follows
 * a tile's many streams too late. Addresses beyond the source do no harm. */
static void fetch(const real *src, size_t count)
{
	for (size_t l = 0; l < count; l += 64 / sizeof(real))
		__builtin_prefetch(src + l, 0, 2);
}

/* `count` results at even distances, in tiles as even as can be. */
static void run_line(const struct block *b, const real *src, ptrdiff_t ld_src, real *dst, ptrdiff_t ld_dst,
                     size_t count)
{
	const struct conv_call *call = b->job->call;
	const struct conv_base *base = &call->plan->base;
	size_t tiles = conv_ceil_div(count, tile_rows(call->plan)), taps = b->row.taps * b->col.taps;

	for (size_t t = 0; t < tiles; t++) {
		size_t first = conv_part_begin(count, tiles, t), m = conv_part_begin(count, tiles, t + 1) - first;
		fetch(src + (ptrdiff_t)first * ld_src + base->y_w * base->y_c, m * base->y_c);
		call->plan->kernels->dots(taps, b->tap, base->y_c, src + (ptrdiff_t)first * ld_src, ld_src, call->packed,
		                          call->epilogue.bias, dst + (ptrdiff_t)first * ld_dst, ld_dst, m, base->x_c);
	}
}

/* A block's direction: how many results it has there, and their distance in source and result. */
struct way {
	size_t count;
	ptrdiff_t src, dst;
};

/* A tile's rows go along the block's longest way: columns, rows (at the image's sides) or images (in its corners). */
static void run_block(const struct block *b)
{
	const struct conv_base *base = &b->job->call->plan->base;
	struct way way[3] = {
		{ b->col.count, (ptrdiff_t)base->y_c, (ptrdiff_t)(base->stride * base->x_c) },
		{ b->row.count, (ptrdiff_t)(base->y_w * base->y_c), (ptrdiff_t)(base->stride * base->x_w * base->x_c) },
		{ b->images, (ptrdiff_t)(base->y_h * base->y_w * base->y_c), (ptrdiff_t)(base->x_h * base->x_w * base->x_c) },
	};
	size_t enough = tile_rows(b->job->call->plan) / 2;

	for (size_t i = 1; i < 3; i++)
		if (way[0].count < enough && way[i].count > way[0].count) {
			struct way longer = way[i];
			way[i] = way[0];
			way[0] = longer;
		}
	for (size_t i = 0; i < way[2].count; i++)
		for (size_t j = 0; j < way[1].count; j++)
			run_line(b, b->src + (ptrdiff_t)i * way[2].src + (ptrdiff_t)j * way[1].src, way[0].src,
			         b->dst + (ptrdiff_t)i * way[2].dst + (ptrdiff_t)j * way[1].dst, way[0].dst, way[0].count);
}

/* Of `images` images from `image` on, all columns of the rows in `row`. */
static void run_rows(const struct dots_job *job, size_t image, size_t images, const struct span *row,
                     struct sgan_tap *tap)
{
	const struct conv_base *base = &job->call->plan->base;

	for (size_t phase = 0; phase < base->stride && phase < base->x_w; phase++)
		for (size_t x = phase; x < base->x_w;) {
			struct block b = { .job = job, .row = *row, .col = span_at(&job->cols, x, base->x_w), .images = images };
			list_taps(job->call->plan, &b.row, &b.col, tap);
			b.tap = tap;
			b.src = job->call->src + ((image * base->y_h + b.row.source) * base->y_w + b.col.source) * base->y_c;
			b.dst = job->call->dst + ((image * base->x_h + b.row.first) * base->x_w + x) * base->x_c;
			run_block(&b);
			x += b.col.count * base->stride;
		}
}

/* A chunk is one band of rows in one group of images. */
static void dots_chunk(void *arg, size_t chunk, int worker)
{
	const struct dots_job *job = arg;
	const struct conv_call *call = job->call;
	const struct conv_base *b = &call->plan->base;
	size_t group = chunk / job->bands, band = chunk % job->bands;
	size_t image = conv_part_begin(call->n, job->groups, group);
	size_t images = conv_part_begin(call->n, job->groups, group + 1) - image;
	size_t begin = conv_part_begin(b->x_h, job->bands, band), end = conv_part_begin(b->x_h, job->bands, band + 1);
	struct sgan_tap *tap = (struct sgan_tap *)(void *)(call->workspace + (size_t)worker * call->worker_size);

	for (size_t phase = 0; phase < b->stride && begin + phase < end; phase++)
		for (size_t y = begin + phase; y < end;) {
			struct span row = span_at(&job->rows, y, end);
			run_rows(job, image, images, &row, tap);
			y += row.count * b->stride;
		}
	for (size_t i = image; i < image + images && call->epilogue.act != SGAN_ACT_NONE; i++) {
		real *dst = call->dst + (i * b->x_h + begin) * b->x_w * b->x_c;
		call->plan->kernels->act((end - begin) * b->x_w * b->x_c, dst, call->epilogue.act, call->epilogue.slope, dst);
	}
}

size_t sgan_conv_dots_workspace(const struct sgan_conv_plan *plan)
{
	return conv_round_bytes(plan->base.k_h * plan->base.k_w * sizeof(struct sgan_tap));
}

void sgan_conv_dots(sgan_ctx *ctx, struct conv_call *call)
{
	const struct conv_base *b = &call->plan->base;
	size_t wanted = CHUNKS_PER_THREAD * (size_t)ctx->threads;
	struct dots_job job = {
		.call = call,
		.rows = { b->x_h, b->y_h, b->k_h, b->stride, b->pad },
		.cols = { b->x_w, b->y_w, b->k_w, b->stride, b->pad },
		.groups = conv_ceil_div(call->n, conv_ceil_div(tile_rows(call->plan), 2)),
		.bands = conv_ceil_div(b->x_h, LEAST_BAND),
	};

	if (!job.groups)
		return;
	if (job.bands > conv_ceil_div(wanted, job.groups))
		job.bands = conv_ceil_div(wanted, job.groups);
	sgan_parallel_for(ctx, job.groups * job.bands, dots_chunk, &job);
}
