/* Reads records and compares tensors with them. Knows nothing of networks and steps. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/ops/ops.h"
#include "tests/golden/golden.h"

enum { SAMPLES = 64 };

/* Half units in the last place of its root mean square that an element of a gradient may be wrong by, behind a
 * dozen layers of which four normalise over four images; in float that is 8e-6, twice what was measured. */
enum { GRADIENT_ROUNDINGS = 128 };

/* Streams of the records, beyond the trainer's; record.py has the same. */
enum { PARAMETERS = 0x600000, INPUTS = 0x610000, HEAD_GRADIENTS = 0x630000, PLACES = 0x640000 };

static uint64_t seed_of(const struct golden *g)
{
	return g->preset->seed;
}

/* FNV-1a: numbers belong to a name. */
static uint64_t hash_name(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325u;
	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
	return hash;
}

void golden_take_seed(struct golden *g, const json_t *record)
{
	g->preset->seed = (uint64_t)json_integer_value(json_object_get(record, "seed"));
	cr_assert_neq(g->preset->seed, 0, "%s: no seed recorded", g->where);
}

void golden_open(struct golden *g, const char *name, const char *isa, int threads, const char *algorithm,
                 double tolerance)
{
	char path[4096], setting[32];
	const char *const settings[] = { setting, "classes=10" };
	json_error_t error;
	const char *top = getenv("abs_top_srcdir");
	memset(g, 0, sizeof *g);
	snprintf(path, sizeof path, "%s/tests/golden/%s.json", top != NULL ? top : ".", name);
	g->root = json_load_file(path, 0, &error);
	cr_assert_not_null(g->root, "%s:%d: %s", path, error.line, error.text);
	cr_assert_str_eq(json_string_value(json_object_get(g->root, "case")), name);
	cr_assert_eq(json_integer_value(json_object_get(g->root, "batch")), GOLDEN_BATCH);
	const sgan_ctx_options options = { .isa = isa, .threads = threads };
	cr_assert_eq(sgan_ctx_create(&options, &g->ctx), SGAN_OK, "%s", sgan_last_error());
	snprintf(setting, sizeof setting, "algorithm=%s", algorithm);
	snprintf(g->where, sizeof g->where, "%s, %s, %d threads, %s", name, isa, threads, algorithm);
	g->tolerance = tolerance;
	g->rounding = sizeof(real) == sizeof(float) ? 0x1p-24 : 0x1p-53;
	cr_assert_eq(sgan_preset_load("mnist", settings, 2, &g->preset), SGAN_OK, "%s", sgan_last_error());
}

void golden_close(struct golden *g)
{
	sgan_preset_free(g->preset);
	sgan_ctx_destroy(g->ctx);
	json_decref(g->root);
}

/* A power of two, so that float holds the weights exactly, that keeps activations near 1. */
static double weight_scale(size_t fan_in)
{
	double scale = 4;
	while (scale * scale * (double)fan_in > 48)
		scale /= 2;
	return scale;
}

static double start_value(const struct sgan_param *p, double u)
{
	const char *kind = strrchr(p->name, '.') + 1;
	if (strcmp(kind, "weight") == 0)
		return (u - 0.5) * weight_scale(p->fan_in);
	if (strcmp(kind, "gain") == 0)
		return 1 + (u - 0.5) * 0.5;
	if (strcmp(kind, "var") == 0)
		return 0.5 + u;
	return (u - 0.5) * 0.25;
}

static void draw_start_values(struct golden *g, const struct sgan_param *p, real *dst)
{
	sgan_random_uniform(g->ctx, seed_of(g), PARAMETERS, hash_name(p->name), 0, p->count, dst);
	for (size_t i = 0; i < p->count; i++)
		dst[i] = (real)start_value(p, dst[i]);
}

void golden_start_values(struct golden *g, struct sgan_params *params)
{
	for (size_t i = 0; i < sgan_params_count(params); i++)
		draw_start_values(g, sgan_params_at(params, i), sgan_params_at(params, i)->value);
	sgan_params_changed(params);
}

void golden_input(struct golden *g, const char *name, size_t count, real *dst)
{
	sgan_random_uniform(g->ctx, seed_of(g), INPUTS, hash_name(name), 0, count, dst);
}

void golden_batch(struct golden *g, size_t number, size_t count, real *dst, uint32_t labels[GOLDEN_BATCH])
{
	sgan_random_uniform(g->ctx, seed_of(g), INPUTS, number, 0, count, dst);
	for (size_t i = 0; i < GOLDEN_BATCH; i++)
		labels[i] = (uint32_t)((GOLDEN_BATCH * number + i) % 10);
}

void golden_head_gradient(struct golden *g, const char *name, size_t count, real *dst)
{
	sgan_random_uniform(g->ctx, seed_of(g), HEAD_GRADIENTS, hash_name(name), 0, count, dst);
	for (size_t i = 0; i < count; i++)
		dst[i] -= (real)0.5;
}

/* The place of recorded element i: floor(count k / 2^24) of the uniform number k / 2^24. */
static size_t place(const real *uniform, size_t i, size_t count)
{
	if (count <= SAMPLES)
		return i;
	return (size_t)(((uint64_t)((double)uniform[i] * 0x1p24) * count) >> 24);
}

static json_t *find_tensor(json_t *tensors, const char *name)
{
	size_t i;
	json_t *tensor;
	json_array_foreach (tensors, i, tensor)
		if (strcmp(json_string_value(json_object_get(tensor, "name")), name) == 0)
			return tensor;
	cr_assert_fail("no record of %s", name);
	return NULL;
}

static void expect_close(struct golden *g, const char *name, const char *what, double found, double expected,
                         double allowed)
{
	double error = fabs(found - expected);
	cr_expect(error <= allowed, "%s: %s: %s is %.9g, recorded %.9g, may differ by %.2g", g->where, name, what, found,
	          expected, allowed);
	if (allowed > 0 && error / allowed > g->worst) {
		g->worst = error / allowed;
		snprintf(g->worst_name, sizeof g->worst_name, "%s", name);
	}
}

static double norm(size_t count, const real *values)
{
	double sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += (double)values[i] * (double)values[i];
	return sqrt(sum);
}

static double root_mean_square(const json_t *elements)
{
	double sum = 0;
	for (size_t i = 0; i < json_array_size(elements); i++)
		sum += pow(json_real_value(json_array_get(elements, i)), 2);
	return sqrt(sum / (double)json_array_size(elements));
}

void golden_compare(struct golden *g, json_t *tensors, const char *what, const char *name, size_t count,
                    const real *values, double rounding)
{
	char full[SGAN_PARAM_NAME + 16], element[32];
	real places[SAMPLES];
	snprintf(full, sizeof full, "%s:%s", what, name);
	json_t *tensor = find_tensor(tensors, full), *elements = json_object_get(tensor, "elements");
	const double expected = json_real_value(json_object_get(tensor, "norm"));
	const size_t samples = count < SAMPLES ? count : SAMPLES;
	cr_assert_eq(json_array_size(elements), samples, "%s: %zu elements recorded, the tensor has %zu", full,
	             json_array_size(elements), count);
	expect_close(g, full, "norm", norm(count, values), expected,
	             g->tolerance * expected + rounding * sqrt((double)count));
	const double scale = root_mean_square(elements);
	sgan_random_uniform(g->ctx, seed_of(g), PLACES, hash_name(full), 0, SAMPLES, places);
	for (size_t i = 0; i < samples; i++) {
		const size_t at = place(places, i, count);
		const double recorded = json_real_value(json_array_get(elements, i));
		snprintf(element, sizeof element, "element %zu", at);
		expect_close(g, full, element, (double)values[at], recorded,
		             g->tolerance * fmax(scale, fabs(recorded)) + rounding);
	}
	json_object_set_new(tensor, "compared", json_true());
	g->compared++;
}

void golden_expect_all_compared(struct golden *g, const json_t *tensors)
{
	size_t i;
	const json_t *tensor;
	cr_assert_gt(json_array_size(tensors), 0, "%s: no records", g->where);
	json_array_foreach (tensors, i, tensor)
		cr_expect(json_is_true(json_object_get(tensor, "compared")), "%s: %s was recorded and not compared", g->where,
		          json_string_value(json_object_get(tensor, "name")));
}

void golden_compare_update(struct golden *g, json_t *tensors, const struct sgan_param *p, size_t steps,
                           double adam_gain)
{
	const double gradient = norm(p->count, p->grad) / sqrt((double)p->count);
	double largest = 0;
	real *update = sgan_alloc(p->count, sizeof(real));
	cr_assert_not_null(update);
	draw_start_values(g, p, update);
	for (size_t i = 0; i < p->count; i++) {
		largest = fmax(largest, fabs((double)p->value[i]));
		update[i] = p->value[i] - update[i];
	}
	golden_compare(g, tensors, "update", p->name, p->count, update,
	               (double)steps * g->rounding * (largest + (double)GRADIENT_ROUNDINGS * gradient * adam_gain));
	sgan_free(update);
}

void golden_compare_loss(struct golden *g, const char *step, const char *name, double found, double expected)
{
	cr_assert(expected > 0, "%s: %s of a %s step: no such record", g->where, name, step);
	expect_close(g, name, step, found, expected, g->tolerance * expected);
	g->compared++;
}
