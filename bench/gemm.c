/* Matrix products: those of a preset's dense layers, forward and both gradients, and squares. Of a layer's, sgan_gemm
 * and the pass of a plan are timed, which training uses: with weights packed before. */
#include <sgan/gemm.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/pass.h"
#include "bench/peer.h"
#include "src/cpu/memory.h"

/* C [m, n] = op(A) op(B), the sum over k; what of a pass is A, B and C. */
struct product {
	bool trans_a, trans_b;
	size_t m, n, k, lda, ldb, ldc;
	const real *a, *b;
	real *c;
};

static struct product product_of(const struct bench_pass *p, size_t round)
{
	const sgan_conv_desc *d = sgan_conv_plan_desc(p->plan);
	const size_t in = d->in_c, out = d->out_c, n = p->n;
	real *src = p->src + round % p->sets * p->src_count, *dst = p->dst + round % p->sets * p->dst_count;
	if (p->pass == SGAN_FORWARD)
		return (struct product){ false, false, n, out, in, in, out, out, src, p->weights, dst };
	if (p->pass == SGAN_BACKWARD_DATA)
		return (struct product){ false, true, n, in, out, out, out, in, dst, p->weights, src };
	return (struct product){ true, false, in, out, n, in, out, out, src, dst, p->diff_weights };
}

static void run_ours(void *arg, size_t round)
{
	struct bench_pass *p = arg;
	const struct product g = product_of(p, round);
	bench_check(sgan_gemm(p->ctx, g.trans_a, g.trans_b, g.m, g.n, g.k, g.a, g.lda, g.b, g.ldb, false, g.c, g.ldc),
	            "product");
}

struct theirs {
	const struct bench_peer *peer;
	const struct bench_pass *pass;
};

static void run_theirs(void *arg, size_t round)
{
	const struct theirs *t = arg;
	const struct product g = product_of(t->pass, round);
	t->peer->gemm(g.trans_a, g.trans_b, g.m, g.n, g.k, g.a, g.lda, g.b, g.ldb, g.c, g.ldc);
}

/* The same product by both must be the same but for rounding. */
static void compare_results(const struct bench *b, struct bench_pass *p, struct theirs *t, const char *name)
{
	const struct product g = product_of(p, 0);
	const size_t count = g.m * g.n;
	real *other = sgan_alloc(count, sizeof(real));
	if (other == NULL)
		bench_check(SGAN_ENOMEM, "results");
	run_theirs(t, 0);
	memcpy(other, g.c, count * sizeof(real));
	run_ours(p, 0);
	double largest = 0, off = 0;
	for (size_t i = 0; i < count; i++) {
		largest = fmax(largest, fabs((double)g.c[i]));
		off = fmax(off, fabs((double)g.c[i] - (double)other[i]));
	}
	sgan_free(other);
	if (!(off <= 1e-4 * largest))
		bench_fail("%s: %s's result differs by %g of %g", name, b->peer->name, off, largest);
}

static void print_row(const struct bench *b, const struct bench_layer *layer, const struct product *g,
                      struct bench_row *row, const char *by)
{
	char title[160], how[64];
	snprintf(title, sizeof title, "%-9s %-20s %s", layer->name, layer->shape, by);
	snprintf(how, sizeof how, "m %zu n %zu k %zu%s%s", g->m, g->n, g->k, g->trans_a ? " A'" : "",
	         g->trans_b ? " B'" : "");
	row->title = title;
	row->how = b->options.json ? NULL : how;
	bench_print_row(b, row,
	                json_pack("{ss ss ss sI sI sI sb sb}", "layer", layer->name, "shape", layer->shape, "by", by, "m",
	                          (json_int_t)g->m, "n", (json_int_t)g->n, "k", (json_int_t)g->k, "trans_a", g->trans_a,
	                          "trans_b", g->trans_b));
}

static void time_product(const struct bench *b, const struct bench_layer *layer, struct bench_pass *p, bool by_plan,
                         double *log_ratio, size_t *ratios)
{
	struct theirs theirs = { b->peer, p };
	const bool both = b->peer != NULL;
	if (both)
		compare_results(b, p, &theirs, layer->name);
	struct bench_contender contenders[3] = { { .run = run_ours, .arg = p } };
	size_t count = 1;
	if (both)
		contenders[count++] =
			(struct bench_contender){ .run = run_theirs, .arg = &theirs, .own_threads = b->peer->own_threads() };
	if (by_plan)
		contenders[count++] = (struct bench_contender){ .run = bench_pass_run, .arg = p };
	const struct product g = product_of(p, 0);
	struct bench_row row = { .pass = bench_pass_names[p->pass],
		                     .flop = 2.0 * (double)g.m * (double)g.n * (double)g.k,
		                     .peer = both ? b->peer->name : NULL };
	row.peak = bench_contest(b, contenders, count);
	row.peer_seconds = both ? contenders[1].seconds : 0;
	row.seconds = contenders[0].seconds;
	print_row(b, layer, &g, &row, "gemm");
	if (both) {
		*log_ratio += log(row.peer_seconds / row.seconds);
		++*ratios;
	}
	if (!by_plan)
		return;
	row.seconds = contenders[count - 1].seconds;
	print_row(b, layer, &g, &row, "plan");
}

/* A square is a dense layer on a batch as large; the product of one pass will do. */
static struct bench_layer square(size_t size)
{
	struct bench_layer layer = { .name = "square", .dense = true };
	snprintf(layer.shape, sizeof layer.shape, "%zu", size);
	layer.desc = (sgan_conv_desc){ .kind = SGAN_CONV,
		                           .in_h = 1,
		                           .in_w = 1,
		                           .in_c = size,
		                           .out_c = size,
		                           .kernel_h = 1,
		                           .kernel_w = 1,
		                           .max_batch = size };
	return layer;
}

static bool is_repeated(const struct bench_layer *layers, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (layers[j].dense && layers[j].desc.in_c == layers[i].desc.in_c &&
		    layers[j].desc.out_c == layers[i].desc.out_c)
			return true;
	return false;
}

static bool is_wanted(const struct bench *b, const struct bench_layer *layer)
{
	char whole[160];
	snprintf(whole, sizeof whole, "%s %s", layer->name, layer->shape);
	return layer->dense && (b->options.layer == NULL || strstr(whole, b->options.layer) != NULL);
}

static void time_layer(const struct bench *b, const struct bench_layer *layer, bool is_square, double *log_ratio,
                       size_t *ratios)
{
	struct bench_pass p = bench_pass_create(b->ctx, layer, layer->desc.max_batch);
	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
		if (is_square ? pass != SGAN_FORWARD : b->options.pass != SGAN_PASS_COUNT && b->options.pass != pass)
			continue;
		bench_pass_prepare(&p, (sgan_pass)pass, NULL);
		time_product(b, layer, &p, !is_square, log_ratio, ratios);
		bench_pass_end(&p);
	}
	bench_pass_destroy(&p);
}

void bench_gemm(struct bench *b)
{
	double log_ratio = 0;
	size_t ratios = 0;
	struct bench_layer *layers = calloc(BENCH_LAYERS, sizeof *layers);
	if (layers == NULL)
		bench_fail("no memory");
	if (b->peer != NULL && b->peer->gemm == NULL)
		bench_fail("%s is compared by its layers alone; see layers", b->peer->name);
	const size_t count = bench_list_layers(b->preset, b->options.batch, layers);
	const double peak = bench_print_header(b, "gemm");
	bench_print_columns(b, "product", false);
	for (size_t i = 0; i < count; i++)
		if (is_wanted(b, &layers[i]) && !is_repeated(layers, i))
			time_layer(b, &layers[i], false, &log_ratio, &ratios);
	for (size_t size = 256; size <= 2048; size *= 2) {
		const struct bench_layer layer = square(size);
		if (is_wanted(b, &layer))
			time_layer(b, &layer, true, &log_ratio, &ratios);
	}
	if (ratios > 0)
		bench_print_summary(
			b, json_pack("{s{ss sf}}", "ratios", "peer", b->peer->name, "mean", exp(log_ratio / (double)ratios)),
			"gemm against %s: geometric mean %.2f", b->peer->name, exp(log_ratio / (double)ratios));
	bench_print_drift(b, peak);
	free(layers);
}
