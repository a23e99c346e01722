/* Every linear layer of a preset, every pass: ours alone, or in turn with a peer. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/pass.h"
#include "bench/peer.h"
#include "src/cpu/memory.h"

enum { WIDE = 32 }; /* channels on both sides: the layers that should reach the peak */

/* The peer's side of the same problem; a copy of ours before either ran, for the runs write over the operands. */
struct theirs {
	const struct bench_peer *peer;
	void *layer;
	size_t sets;
};

static void run_theirs(void *arg, size_t round)
{
	struct theirs *t = arg;
	t->peer->layer_run(t->layer, round % t->sets);
}

static void pack_theirs(void *arg, size_t round)
{
	struct theirs *t = arg;
	(void)round;
	t->peer->layer_pack(t->layer);
}

static struct theirs make_theirs(const struct bench *b, const struct bench_layer *layer, const struct bench_pass *o)
{
	struct theirs t = { .peer = b->peer, .sets = o->sets };
	if (b->peer == NULL)
		return t;
	const struct bench_problem problem = { .desc = &layer->desc,
		                                   .out_h = sgan_conv_out_h(o->plan),
		                                   .out_w = sgan_conv_out_w(o->plan),
		                                   .pass = o->pass,
		                                   .dense = layer->dense,
		                                   .n = o->n,
		                                   .sets = o->sets,
		                                   .src_count = o->src_count,
		                                   .dst_count = o->dst_count,
		                                   .weight_count = o->weight_count,
		                                   .src = o->src,
		                                   .dst = o->dst,
		                                   .weights = o->weights };
	t.layer = b->peer->layer_create(&problem);
	return t;
}

/* What ours and theirs make of the first set must be the same but for rounding, or the times compare nothing. */
static void compare_results(const struct theirs *t, struct bench_pass *o, const char *name)
{
	const size_t count = o->pass == SGAN_FORWARD         ? o->dst_count
	                     : o->pass == SGAN_BACKWARD_DATA ? o->src_count
	                                                     : o->weight_count;
	const real *mine = o->pass == SGAN_FORWARD ? o->dst : o->pass == SGAN_BACKWARD_DATA ? o->src : o->diff_weights;
	real *other = sgan_alloc(count, sizeof(real));
	if (other == NULL)
		bench_check(SGAN_ENOMEM, "results");
	run_theirs((void *)t, 0);
	t->peer->layer_result(t->layer, 0, other);
	bench_pass_run(o, 0);
	double largest = 0, off = 0;
	for (size_t i = 0; i < count; i++) {
		largest = fmax(largest, fabs((double)mine[i]));
		off = fmax(off, fabs((double)mine[i] - (double)other[i]));
	}
	sgan_free(other);
	if (!(off <= 1e-4 * largest))
		bench_fail("%s %s: %s's result differs by %g of %g", name, bench_pass_names[o->pass], t->peer->name, off,
		           largest);
}

/* --- what a table comes to --- */

struct summary {
	double log_ratio;
	size_t ratios;
	double least_ratio, least_percent;
	char least_ratio_name[3 * SGAN_NAME], least_percent_name[3 * SGAN_NAME];
};

static void count_row(struct summary *s, const struct bench_row *row, const struct bench_layer *layer)
{
	const bool wide = !layer->dense && layer->desc.in_c >= WIDE && layer->desc.out_c >= WIDE;
	const double percent = row->peak > 0 ? 100 * row->flop / row->seconds / 1e9 / row->peak : 0;
	if (wide && percent > 0 && (s->least_percent_name[0] == '\0' || percent < s->least_percent)) {
		s->least_percent = percent;
		snprintf(s->least_percent_name, sizeof s->least_percent_name, "%s", layer->name);
	}
	if (row->peer_seconds <= 0)
		return;
	const double ratio = row->peer_seconds / row->seconds;
	s->log_ratio += log(ratio);
	if (s->ratios++ == 0 || ratio < s->least_ratio) {
		s->least_ratio = ratio;
		snprintf(s->least_ratio_name, sizeof s->least_ratio_name, "%s", layer->name);
	}
}

static void print_summary(const struct bench *b, const struct summary *s, const char *pass)
{
	if (s->least_percent_name[0] != '\0')
		bench_print_summary(b,
		                    json_pack("{s{ss si sf ss}}", "least_percent_of_peak", "pass", pass, "channels", WIDE,
		                              "percent_of_peak", s->least_percent, "layer", s->least_percent_name),
		                    "%s, convolutions with %d or more channels on both sides: %.1f %% of peak or more (%s)",
		                    pass, WIDE, s->least_percent, s->least_percent_name);
	if (s->ratios > 0)
		bench_print_summary(b,
		                    json_pack("{s{ss ss sf sf ss}}", "ratios", "pass", pass, "peer", b->peer->name, "mean",
		                              exp(s->log_ratio / (double)s->ratios), "least", s->least_ratio, "layer",
		                              s->least_ratio_name),
		                    "%s, against %s: geometric mean %.2f, least %.2f (%s)", pass, b->peer->name,
		                    exp(s->log_ratio / (double)s->ratios), s->least_ratio, s->least_ratio_name);
}

/* --- rows --- */

static void time_pass(const struct bench *b, const struct bench_layer *layer, struct bench_pass *o,
                      struct summary summaries[SGAN_PASS_COUNT + 1])
{
	struct theirs theirs = make_theirs(b, layer, o);
	const bool both = theirs.layer != NULL;
	if (both)
		compare_results(&theirs, o, layer->name);
	const bool own_threads = both && b->peer->own_threads(), packing = both && b->options.packing;
	struct bench_contender contenders[4] = { { .run = bench_pass_run, .arg = o },
		                                     { .run = run_theirs, .arg = &theirs, .own_threads = own_threads },
		                                     { .run = pack_theirs, .arg = &theirs, .own_threads = own_threads },
		                                     { .run = bench_pass_pack, .arg = o } };
	/* weights that a pass makes are in our layout as they are */
	const size_t count = !both ? 1 : !packing ? 2 : o->pass == SGAN_BACKWARD_WEIGHTS ? 3 : 4;
	char title[160];
	snprintf(title, sizeof title, "%-12s %s", layer->name, layer->shape);
	struct bench_row row = { .title = title,
		                     .pass = bench_pass_names[o->pass],
		                     .algorithm = sgan_conv_plan_algorithm(o->plan, o->pass),
		                     .flop = 2 * layer->work * (double)o->n,
		                     .peer = both ? b->peer->name : NULL,
		                     .how = both ? b->peer->layer_how(theirs.layer) : NULL };
	row.peak = bench_contest(b, contenders, count);
	row.seconds = contenders[0].seconds;
	row.peer_seconds = both ? contenders[1].seconds : 0;
	row.peer_packing = count > 2 ? contenders[2].seconds : 0;
	row.packing = count > 3 ? contenders[3].seconds : 0;
	bench_print_row(b, &row, json_pack("{ss ss}", "layer", layer->name, "shape", layer->shape));
	count_row(&summaries[o->pass], &row, layer);
	count_row(&summaries[SGAN_PASS_COUNT], &row, layer);
	if (both)
		b->peer->layer_destroy(theirs.layer);
}

/* The plan's choice, or all that fit. */
static void time_algorithms(const struct bench *b, const struct bench_layer *layer, struct bench_pass *o,
                            sgan_pass pass, struct summary summaries[SGAN_PASS_COUNT + 1])
{
	const char *names[SGAN_ALGORITHMS_MAX] = { NULL };
	size_t count = 1;
	if (b->options.all_algorithms)
		bench_check(sgan_conv_algorithms(b->ctx, &layer->desc, pass, SGAN_ALGORITHMS_MAX, names, &count), layer->name);
	for (size_t i = 0; i < count; i++) {
		bench_pass_prepare(o, pass, names[i]);
		time_pass(b, layer, o, summaries);
		bench_pass_end(o);
	}
}

static bool is_wanted(const struct bench *b, const struct bench_layer *layer)
{
	char whole[160];
	snprintf(whole, sizeof whole, "%s %s", layer->name, layer->shape);
	return b->options.layer == NULL || strstr(whole, b->options.layer) != NULL;
}

void bench_layers(struct bench *b)
{
	struct summary summaries[SGAN_PASS_COUNT + 1] = { 0 };
	struct bench_layer *layers = calloc(BENCH_LAYERS, sizeof *layers);
	if (layers == NULL)
		bench_fail("no memory");
	if (b->peer != NULL && b->peer->layer_create == NULL)
		bench_fail("%s has no convolutions; see gemm", b->peer->name);
	const size_t count = bench_list_layers(b->preset, b->options.batch, layers);
	size_t wanted = 0;
	for (size_t i = 0; i < count; i++)
		wanted += is_wanted(b, &layers[i]);
	if (wanted == 0)
		bench_fail("--layer '%s': no linear layer of preset %s has this in its name or shape", b->options.layer,
		           b->preset->name);
	const double peak = bench_print_header(b, "layers");
	bench_print_columns(b, "layer", true);
	for (size_t i = 0; i < count; i++) {
		if (!is_wanted(b, &layers[i]))
			continue;
		struct bench_pass o = bench_pass_create(b->ctx, &layers[i], b->options.batch);
		for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
			if (b->options.pass != SGAN_PASS_COUNT && b->options.pass != pass)
				continue;
			time_algorithms(b, &layers[i], &o, (sgan_pass)pass, summaries);
		}
		bench_pass_destroy(&o);
	}
	/* a summary is of what plans choose */
	for (int pass = 0; pass < SGAN_PASS_COUNT && !b->options.all_algorithms; pass++)
		print_summary(b, &summaries[pass], bench_pass_names[pass]);
	if (b->options.pass == SGAN_PASS_COUNT && !b->options.all_algorithms)
		print_summary(b, &summaries[SGAN_PASS_COUNT], "all passes");
	bench_print_drift(b, peak);
	free(layers);
}
