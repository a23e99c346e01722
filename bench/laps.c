/* What a step's time goes to, operation by operation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/laps.h"

static struct bench_operation *find(struct bench_laps *laps, const char *net, const char *layer, const char *what)
{
	for (size_t i = 0; i < laps->count; i++) {
		struct bench_operation *o = &laps->operations[i];
		if (o->part == laps->part && strcmp(o->net, net) == 0 && strcmp(o->layer, layer) == 0 &&
		    strcmp(o->what, what) == 0)
			return o;
	}
	if (laps->count == LAP_OPERATIONS)
		bench_fail("a step has more than %d different operations", LAP_OPERATIONS);
	struct bench_operation *o = &laps->operations[laps->count++];
	*o = (struct bench_operation){ .part = laps->part, .net = net, .layer = layer, .what = what };
	return o;
}

static void lap(void *arg, const char *net, const char *layer, const char *what)
{
	struct bench_laps *laps = arg;
	const double now = bench_now();
	struct bench_operation *o = find(laps, net, layer, what);
	o->times[laps->step % LAP_STEPS] += now - laps->last;
	o->calls += laps->step == 0;
	laps->last = now;
}

void bench_laps_begin(struct bench_laps *laps, sgan_ctx *ctx)
{
	laps->observer = (struct sgan_observer){ lap, laps };
	laps->step = laps->count = 0;
	ctx->observer = &laps->observer;
}

void bench_laps_end(sgan_ctx *ctx)
{
	ctx->observer = NULL;
}

void bench_laps_part(struct bench_laps *laps, int part)
{
	laps->part = part;
	laps->last = bench_now();
}

void bench_laps_part_done(struct bench_laps *laps)
{
	lap(laps, "", "", "between networks");
}

void bench_laps_step_done(struct bench_laps *laps)
{
	laps->step++;
	for (size_t i = 0; i < laps->count; i++)
		laps->operations[i].times[laps->step % LAP_STEPS] = 0;
}

/* --- results --- */

struct result {
	const struct bench_operation *operation;
	double seconds;
};

static int longest_first(const void *a, const void *b)
{
	const double x = ((const struct result *)a)->seconds, y = ((const struct result *)b)->seconds;
	return (x < y) - (x > y);
}

static double median_of(const struct bench_laps *laps, const struct bench_operation *o)
{
	double times[LAP_STEPS];
	/* the slot behind the last step is cleared for the next */
	const size_t steps = laps->step < LAP_STEPS ? laps->step : LAP_STEPS - 1;
	for (size_t i = 0; i < steps; i++)
		times[i] = o->times[(laps->step - 1 - i) % LAP_STEPS];
	return bench_median(times, steps);
}

static bool is_pass(const char *what)
{
	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++)
		if (strcmp(what, bench_pass_names[pass]) == 0)
			return true;
	return false;
}

/* Floating-point operations of an operation in one step; 0 for those that are not a linear layer's pass. */
static double flop_of(const struct bench *b, const struct bench_operation *o, const char *name)
{
	static struct bench_layer layers[BENCH_LAYERS];
	if (!is_pass(o->what))
		return 0;
	const size_t count = bench_list_layers(b->preset, b->options.batch, layers);
	for (size_t i = 0; i < count; i++)
		if (strcmp(layers[i].name, name) == 0)
			return 2 * layers[i].work * (double)b->options.batch * (double)o->calls;
	return 0;
}

static void print_operation(const struct bench *b, const struct result *r, const char *part, const char *stage,
                            double whole, double peak)
{
	char name[BENCH_NAME] = "", title[160];
	if (r->operation->net[0] != '\0')
		bench_name_layer(r->operation->net, r->operation->layer, name);
	snprintf(title, sizeof title, "  %s: %s", part, name);
	const struct bench_row row = { .title = title,
		                           .pass = r->operation->what,
		                           .seconds = r->seconds,
		                           .flop = flop_of(b, r->operation, name),
		                           .peak = peak,
		                           .share = r->seconds / whole };
	bench_print_row(b, &row,
	                json_pack("{ss ss ss sI}", "operation", name, "step", part, "stage", stage, "calls",
	                          (json_int_t)r->operation->calls));
}

static size_t list_results(struct bench_laps *laps, int part, struct result results[LAP_OPERATIONS])
{
	size_t count = 0;
	for (size_t i = 0; i < laps->count; i++)
		if (laps->operations[i].part == part || part < 0)
			results[count++] = (struct result){ &laps->operations[i], median_of(laps, &laps->operations[i]) };
	qsort(results, count, sizeof *results, longest_first);
	return count;
}

void bench_laps_print(const struct bench *b, struct bench_laps *laps, int part, const char *part_name,
                      const char *stage, double whole, double peak)
{
	static struct result results[LAP_OPERATIONS];
	const size_t count = list_results(laps, part, results);
	const struct bench_operation others = { .net = "", .layer = "", .what = "all others", .calls = 1 };
	struct result rest = { &others, 0 };
	for (size_t i = 0; i < count; i++)
		if (results[i].seconds >= 0.002 * whole)
			print_operation(b, &results[i], part_name, stage, whole, peak);
		else
			rest.seconds += results[i].seconds;
	if (rest.seconds > 0)
		print_operation(b, &rest, part_name, stage, whole, peak);
}

void bench_laps_print_kinds(const struct bench *b, struct bench_laps *laps, const char *stage, double whole)
{
	static struct result results[LAP_OPERATIONS];
	size_t count = list_results(laps, -1, results);
	while (count > 0) {
		const char *what = results[0].operation->what;
		size_t left = 0;
		double seconds = 0;
		for (size_t i = 0; i < count; i++)
			if (strcmp(results[i].operation->what, what) == 0)
				seconds += results[i].seconds;
			else
				results[left++] = results[i];
		count = left;
		bench_print_summary(b,
		                    json_pack("{s{ss ss sf sf}}", "kind", "stage", stage, "what", what, "ms", seconds * 1e3,
		                              "percent_of_step", 100 * seconds / whole),
		                    "%-20s %9.3f ms %6.1f %%", what, seconds * 1e3, 100 * seconds / whole);
	}
}
