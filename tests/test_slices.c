/* The slices of a batch spread over several callers: what each computes alone, and what they add up together, has the
 * bits of one call for the whole batch. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/ops/ops.h"
#include "src/sgan/objective/session.h"
#include "tests/exchange.h"
#include "tests/small_nets.h"
#include "tests/temporary.h"

/* --- operations ----------------------------------------------------------------- */

enum {
	MOST_N = 13,
	SIDE = 18, /* pixels of an image; a slice of several images has several chunks */
	PIXELS = SIDE * SIDE,
	CHANNELS = 37,
	IMAGE = PIXELS * CHANNELS,
	CLASSES = 11,
	POOLED = SIDE / 2 * (SIDE / 2) * CHANNELS
};

/* What is computed, all in one struct so that a table can name it; what is of each image has room for MOST_N. */
struct ops {
	sgan_batch batch;
	real src[MOST_N * IMAGE], diff[MOST_N * IMAGE];
	real scores[MOST_N * CLASSES], codes[MOST_N * CLASSES], row[MOST_N * CHANNELS], logits[MOST_N];
	uint32_t labels[MOST_N];
	/* results: of images */
	real normal[MOST_N * IMAGE], diff_normal[MOST_N * IMAGE], inferred[MOST_N * IMAGE], diff_inferred[MOST_N * IMAGE];
	real act_diff[MOST_N * IMAGE], noise[MOST_N * IMAGE], dropout[MOST_N * IMAGE], unpooled[MOST_N * IMAGE];
	real diff_average[MOST_N * IMAGE], pooled[MOST_N * POOLED], average[MOST_N * CHANNELS];
	real joined[MOST_N * (CHANNELS + CLASSES)], apart[MOST_N * CLASSES];
	real diff_softmax[MOST_N * CLASSES], diff_bce[MOST_N], diff_classes[MOST_N * CLASSES];
	real diff_squared[MOST_N * CLASSES];
	uint8_t which[MOST_N * POOLED];
	/* results: sums over the batch */
	real mean[CHANNELS], inv_std[CHANNELS], running_mean[CHANNELS], running_var[CHANNELS];
	real diff_gain[CHANNELS], diff_shift[CHANNELS], diff_bias[CHANNELS], sum_bias[CHANNELS], act_bias[CHANNELS];
	double softmax, bce, classes, squared;
};

/* A tensor of struct ops: bytes of each image, or of all of it where it is a sum over the batch. */
struct tensor {
	const char *name;
	size_t offset, image, whole;
};

#define OF_IMAGES(field) { #field, offsetof(struct ops, field), sizeof((struct ops *)0)->field / MOST_N, 0 }
#define OF_BATCH(field) { #field, offsetof(struct ops, field), 0, sizeof((struct ops *)0)->field }

static const struct tensor inputs[] = { OF_IMAGES(src), OF_IMAGES(diff),   OF_IMAGES(scores), OF_IMAGES(codes),
	                                    OF_IMAGES(row), OF_IMAGES(logits), OF_IMAGES(labels) };

static const struct tensor results[] = {
	OF_IMAGES(normal),       OF_IMAGES(diff_normal),  OF_IMAGES(inferred), OF_IMAGES(diff_inferred),
	OF_IMAGES(act_diff),     OF_IMAGES(noise),        OF_IMAGES(dropout),  OF_IMAGES(unpooled),
	OF_IMAGES(diff_average), OF_IMAGES(pooled),       OF_IMAGES(average),  OF_IMAGES(joined),
	OF_IMAGES(apart),        OF_IMAGES(diff_softmax), OF_IMAGES(diff_bce), OF_IMAGES(diff_classes),
	OF_IMAGES(diff_squared), OF_IMAGES(which),        OF_BATCH(mean),      OF_BATCH(inv_std),
	OF_BATCH(running_mean),  OF_BATCH(running_var),   OF_BATCH(diff_gain), OF_BATCH(diff_shift),
	OF_BATCH(diff_bias),     OF_BATCH(sum_bias),      OF_BATCH(act_bias),  OF_BATCH(softmax),
	OF_BATCH(bce),           OF_BATCH(classes),       OF_BATCH(squared),
};

/* A tensor over the images, of a caller that has some. */
#define OWN(field) (sgan_batch_images(o->batch).count ? o->field : NULL)

static sgan_status run_norm(sgan_ctx *ctx, struct ops *o)
{
	const sgan_bn bn = { CHANNELS, (real)1e-5, SGAN_ACT_LRELU, (real)0.2, SGAN_BN_VALUES };
	real gain[CHANNELS], shift[CHANNELS], var[CHANNELS];

	for (size_t c = 0; c < CHANNELS; c++) {
		gain[c] = (real)(1 + c % 3);
		shift[c] = (real)c / CHANNELS - (real)0.5;
		var[c] = (real)(2 + c);
	}
	SGAN_TRY(sgan_bn_forward_train(ctx, &bn, o->batch, PIXELS, OWN(src), gain, shift, o->mean, o->inv_std, (real)0.1,
	                               o->running_mean, o->running_var, OWN(normal)));
	SGAN_TRY(sgan_bn_backward(ctx, &bn, o->batch, PIXELS, OWN(src), OWN(diff), gain, shift, o->mean, o->inv_std,
	                          o->diff_gain, o->diff_shift, OWN(diff_normal)));
	SGAN_TRY(sgan_bn_forward_infer(ctx, &bn, o->batch, PIXELS, OWN(src), gain, shift, shift, var, OWN(inferred)));
	return sgan_bn_backward_infer(ctx, &bn, o->batch, PIXELS, OWN(src), OWN(diff), gain, shift, shift, var,
	                              OWN(diff_inferred));
}

/* diff_bias is overwritten, sum_bias and act_bias are added to. */
static sgan_status run_bias(sgan_ctx *ctx, struct ops *o)
{
	const struct sgan_image_range images = sgan_batch_images(o->batch);
	const size_t first = images.first * IMAGE, count = images.count * IMAGE;

	SGAN_TRY(sgan_bias_backward(ctx, o->batch, PIXELS, CHANNELS, OWN(diff), false, o->diff_bias));
	SGAN_TRY(sgan_bias_backward(ctx, o->batch, PIXELS, CHANNELS, OWN(src), true, o->sum_bias));
	memcpy(o->act_diff + first, o->diff + first, count * sizeof(real));
	return sgan_act_bias_backward(ctx, o->batch, PIXELS, CHANNELS, OWN(src), SGAN_ACT_LRELU, (real)0.2, OWN(act_diff),
	                              o->act_bias);
}

static sgan_status run_losses(sgan_ctx *ctx, struct ops *o)
{
	SGAN_TRY(sgan_softmax_cross_entropy(ctx, o->batch, CLASSES, OWN(scores), OWN(labels), 1, &o->softmax,
	                                    OWN(diff_softmax)));
	SGAN_TRY(sgan_bce_logits(ctx, o->batch, OWN(logits), 1, (real)0.5, &o->bce, OWN(diff_bce)));
	SGAN_TRY(sgan_bce_classes(ctx, o->batch, CLASSES, OWN(scores), 0, 2, &o->classes, OWN(diff_classes)));
	return sgan_mean_squared_error(ctx, o->batch, CLASSES, OWN(scores), OWN(codes), 3, &o->squared, OWN(diff_squared));
}

static sgan_status run_images(sgan_ctx *ctx, struct ops *o)
{
	const struct sgan_random random = { 1, 2, 3 };

	sgan_noise(ctx, &random, o->batch, IMAGE, (real)0.3, o->src, o->noise);
	sgan_dropout(ctx, &random, o->batch, IMAGE, 0.4, o->src, o->dropout);
	SGAN_TRY(sgan_maxpool_forward(ctx, o->batch, SIDE, SIDE, CHANNELS, 2, OWN(src), OWN(pooled), OWN(which)));
	SGAN_TRY(sgan_maxpool_backward(ctx, o->batch, SIDE, SIDE, CHANNELS, 2, OWN(pooled), OWN(which), OWN(unpooled)));
	sgan_avgpool_forward(ctx, o->batch, PIXELS, CHANNELS, o->src, o->average);
	sgan_avgpool_backward(ctx, o->batch, PIXELS, CHANNELS, o->row, false, o->diff_average);
	SGAN_TRY(sgan_concat_forward(ctx, o->batch, CHANNELS, OWN(average), CLASSES, OWN(scores), OWN(joined)));
	return sgan_concat_backward(ctx, o->batch, CHANNELS, NULL, CLASSES, OWN(apart), OWN(joined));
}

static sgan_status run_ops(struct exchange_rank *rank)
{
	struct ops *o = rank->arg;
	SGAN_TRY(run_norm(rank->ctx, o));
	SGAN_TRY(run_bias(rank->ctx, o));
	SGAN_TRY(run_losses(rank->ctx, o));
	return run_images(rank->ctx, o);
}

/* Inputs that every caller has whole; results hold what none of them computes. */
static void fill_ops(struct ops *o, sgan_batch batch)
{
	uint32_t state = 12345;
	real *numbers[] = { o->src, o->diff, o->scores, o->codes, o->row, o->logits };
	const size_t counts[] = { MOST_N * IMAGE,   MOST_N * IMAGE,    MOST_N * CLASSES,
		                      MOST_N * CLASSES, MOST_N * CHANNELS, MOST_N };

	memset(o, 0x41, sizeof *o); /* 12.08 */
	o->batch = batch;
	for (size_t t = 0; t < sizeof numbers / sizeof *numbers; t++)
		for (size_t i = 0; i < counts[t]; i++) {
			state = state * 1664525u + 1013904223u;
			numbers[t][i] = (real)(state >> 8) / (real)(1u << 23) - 1;
		}
	for (size_t i = 0; i < MOST_N; i++)
		o->labels[i] = (uint32_t)(i * 7 % CLASSES);
}

/* Takes away the inputs outside the range: a caller has its own images alone. */
static void keep_range(struct ops *o)
{
	const struct sgan_image_range images = sgan_batch_images(o->batch);
	for (size_t t = 0; t < sizeof inputs / sizeof *inputs; t++) {
		char *data = (char *)o + inputs[t].offset;
		size_t end = (images.first + images.count) * inputs[t].image;
		memset(data, 0xff, images.first * inputs[t].image); /* no number; no label */
		memset(data + end, 0xff, MOST_N * inputs[t].image - end);
	}
}

static bool all_bytes(const char *data, size_t count, char byte)
{
	for (size_t i = 0; i < count; i++)
		if (data[i] != byte)
			return false;
	return true;
}

/* A caller's results: its images' and the batch's sums as the whole's, nothing else written. */
static void compare_ops(const struct ops *whole, const struct ops *mine, const char *where)
{
	const struct sgan_image_range images = sgan_batch_images(mine->batch);
	for (size_t t = 0; t < sizeof results / sizeof *results; t++) {
		const char *expected = (const char *)whole + results[t].offset, *got = (const char *)mine + results[t].offset;
		const size_t image = results[t].image, first = images.first * image, count = images.count * image;
		if (!image) {
			cr_expect_arr_eq(got, expected, results[t].whole, "%s: %s has other bits", where, results[t].name);
			continue;
		}
		cr_expect_arr_eq(got + first, expected + first, count, "%s: %s has other bits", where, results[t].name);
		cr_expect(all_bytes(got, first, 0x41) && all_bytes(got + first + count, MOST_N * image - first - count, 0x41),
		          "%s: %s: other images were written", where, results[t].name);
	}
}

static void try_ops(const char *isa, size_t n, size_t slices, size_t ranks, struct ops **o, const struct ops *whole)
{
	void *args[EXCHANGE_MOST];
	for (size_t r = 0; r < ranks; r++) {
		fill_ops(o[r], exchange_share(n, slices, r, ranks));
		keep_range(o[r]);
		args[r] = o[r];
	}
	exchange_all(isa, ranks, run_ops, args);
	for (size_t r = 0; r < ranks; r++) {
		char where[128];
		snprintf(where, sizeof where, "%s: %zu images in %zu slices, caller %zu of %zu", isa, n, slices, r, ranks);
		compare_ops(whole, o[r], where);
	}
}

static const size_t shapes[][2] = { { 13, 2 }, { 13, 4 }, { 12, 3 }, { 2, 5 }, { 1, 3 }, { 5, 8 } };

Test(slices, operations_add_up, .timeout = 300)
{
	struct ops *o[EXCHANGE_MOST], *whole = malloc(sizeof *whole);
	for (size_t r = 0; r < EXCHANGE_MOST; r++)
		cr_assert_not_null(o[r] = malloc(sizeof *o[r]));
	cr_assert_not_null(whole);
	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
		if (!sgan_isa_usable((sgan_isa)isa))
			continue;
		const char *name = sgan_isa_name((sgan_isa)isa);
		for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
			fill_ops(whole, sgan_whole_batch(shapes[i][0], shapes[i][1]));
			exchange_all(name, 1, run_ops, (void *[]){ whole });
			for (size_t ranks = 2; ranks <= 3; ranks++)
				try_ops(name, shapes[i][0], shapes[i][1], ranks, o, whole);
		}
	}
	for (size_t r = 0; r < EXCHANGE_MOST; r++)
		free(o[r]);
	free(whole);
}

/* --- random numbers ------------------------------------------------------------- */

enum { DRAWN = 9000 };

/* Any part of a stream's elements is what it is in the whole. */
Test(slices, random_numbers_begin_anywhere)
{
	static const size_t firsts[] = { 0, 1, 2, 3, 4, 127, 128, 129, 4094, 4095, 4096, 4097, 5001 };
	static const size_t counts[] = { 0, 1, 2, 3, 4, 5, 131, 3999 };
	static real whole[2][DRAWN], part[DRAWN];
	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
		sgan_ctx *ctx;
		const sgan_ctx_options options = { .isa = sgan_isa_name((sgan_isa)isa), .threads = 2 };
		if (!sgan_isa_usable((sgan_isa)isa))
			continue;
		cr_assert_eq(sgan_ctx_create(&options, &ctx), SGAN_OK);
		cr_assert_eq(sgan_random_uniform(ctx, 1, 2, 3, 0, DRAWN, whole[0]), SGAN_OK);
		cr_assert_eq(sgan_random_normal(ctx, 1, 2, 3, 0, DRAWN, whole[1]), SGAN_OK);
		for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++)
			for (size_t j = 0; j < sizeof counts / sizeof *counts; j++) {
				const size_t first = firsts[i], count = counts[j];
				part[count] = 77;
				cr_assert_eq(sgan_random_uniform(ctx, 1, 2, 3, first, count, part), SGAN_OK);
				cr_expect_arr_eq(part, whole[0] + first, count * sizeof(real), "%s: %zu uniform from %zu on",
				                 options.isa, count, first);
				cr_assert_eq(sgan_random_normal(ctx, 1, 2, 3, first, count, part), SGAN_OK);
				cr_expect_arr_eq(part, whole[1] + first, count * sizeof(real), "%s: %zu normal from %zu on",
				                 options.isa, count, first);
				cr_expect(part[count] == 77, "%s: %zu from %zu on write more", options.isa, count, first);
			}
		sgan_ctx_destroy(ctx);
	}
}

/* Noise and masks of images whose size is not a multiple of what a kernel draws at a time; in place, too. */
Test(slices, noise_and_masks_begin_anywhere)
{
	enum { COUNT = 23 };
	static const size_t sizes[] = { 1, 3, 7, 130, 391 };
	static const struct sgan_random random = { 4, 5, 6 };
	static real src[DRAWN], noise[DRAWN], masked[DRAWN], part[DRAWN];
	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++) {
		sgan_ctx *ctx;
		const sgan_ctx_options options = { .isa = sgan_isa_name((sgan_isa)isa), .threads = 2 };
		if (!sgan_isa_usable((sgan_isa)isa))
			continue;
		cr_assert_eq(sgan_ctx_create(&options, &ctx), SGAN_OK);
		cr_assert_eq(sgan_random_uniform(ctx, 9, 9, 9, 0, DRAWN, src), SGAN_OK);
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			const size_t size = sizes[i];
			sgan_noise(ctx, &random, sgan_whole_batch(COUNT, COUNT), size, (real)0.5, src, noise);
			sgan_dropout(ctx, &random, sgan_whole_batch(COUNT, COUNT), size, 0.3, src, masked);
			for (size_t begin = 0; begin < COUNT; begin += 4) {
				const size_t end = begin + 9 < COUNT ? begin + 9 : COUNT, first = begin * size;
				const size_t count = (end - begin) * size;
				const sgan_batch batch = { COUNT, COUNT, begin, end };
				sgan_noise(ctx, &random, batch, size, (real)0.5, src, part);
				cr_expect_arr_eq(part + first, noise + first, count * sizeof(real), "%s: noise, size %zu from %zu on",
				                 options.isa, size, begin);
				memcpy(part + first, src + first, count * sizeof(real));
				part[first + count] = 77;
				sgan_dropout(ctx, &random, batch, size, 0.3, part, part);
				cr_expect_arr_eq(part + first, masked + first, count * sizeof(real), "%s: mask, size %zu from %zu on",
				                 options.isa, size, begin);
				cr_expect(part[first + count] == 77);
			}
		}
		sgan_ctx_destroy(ctx);
	}
}

/* --- refusals ------------------------------------------------------------------- */

static sgan_status refuse(void *arg, const sgan_partials *partials)
{
	(void)partials;
	++*(int *)arg;
	return sgan_fail(SGAN_EIO, "the line is dead");
}

static sgan_status finish_nothing(void *arg)
{
	(void)arg;
	return SGAN_OK;
}

/* What an exchange returns ends the call; without one, sums over a part of the batch are refused. */
Test(slices, exchanges_that_fail)
{
	sgan_ctx *ctx;
	const sgan_batch half = { 4, 2, 0, 1 };
	real x[4] = { 1, 2, 3, 4 }, sum = 5;
	double loss = 7;
	int asked = 0;
	cr_assert_eq(sgan_ctx_create(NULL, &ctx), SGAN_OK);
	cr_expect_eq(sgan_bce_logits(ctx, half, x, 1, 1, &loss, x), SGAN_EINVAL);
	cr_expect(strstr(sgan_last_error(), "slices 0 to 1 of 2") && strstr(sgan_last_error(), "sgan_ctx_set_exchange"),
	          "%s", sgan_last_error());
	cr_expect_eq(x[0], 1); /* refused before anything was added */
	sgan_exchange exchange = { .arg = &asked, .gather = refuse };
	sgan_ctx_set_exchange(ctx, &exchange);
	cr_expect_eq(sgan_bce_logits(ctx, half, x, 1, 1, &loss, NULL), SGAN_EIO);
	cr_expect_eq(sgan_bias_backward(ctx, half, 1, 1, x, true, &sum), SGAN_EIO);
	cr_expect_str_eq(sgan_last_error(), "the line is dead");
	cr_expect(loss == 7 && sum == 5 && asked == 2);
	/* whole batches have nothing to exchange */
	cr_expect_eq(sgan_bias_backward(ctx, sgan_whole_batch(4, 2), 1, 1, x, true, &sum), SGAN_OK);
	cr_expect(sum == 15 && asked == 2);
	sgan_ctx_set_exchange(ctx, NULL);
	cr_expect_eq(sgan_bias_backward(ctx, half, 1, 1, x, true, &sum), SGAN_EINVAL);
	/* half an exchange */
	exchange.finish = finish_nothing;
	cr_expect_eq(sgan_ctx_set_exchange(ctx, &exchange), SGAN_EINVAL);
	cr_expect(strstr(sgan_last_error(), "some of share, scatter, spread and finish"), "%s", sgan_last_error());
	cr_expect_eq(sgan_ctx_set_exchange(ctx, &(sgan_exchange){ .arg = &asked }), SGAN_EINVAL);
	sgan_ctx_destroy(ctx);
}

/* --- networks ------------------------------------------------------------------- */

enum { NET_N = 7, NET_SLICES = 3 };

/* A forward pass and the way back, over a caller's slices; the heads' gradients are of its images. */
static sgan_status run_net(struct exchange_rank *rank)
{
	struct small *s = rank->arg;
	const struct sgan_image_range images = sgan_batch_images(s->batch);
	sgan_tape_random(s->tape, 7, 0x730000, 1);
	SGAN_TRY(sgan_net_forward(rank->ctx, s->net, s->params, s->tape, s->batch, SGAN_TRAIN_RUNNING));
	for (size_t i = 0; i < s->desc.layer_count; i++)
		if (s->head_gradients[i] != NULL) {
			const size_t size = sgan_net_size(s->net, (int)i), first = images.first * size;
			memcpy(sgan_tape_grad(s->tape, (int)i) + first, s->head_gradients[i] + first,
			       images.count * size * sizeof(real));
		}
	return sgan_net_backward(rank->ctx, s->net, s->params, s->tape, true, 0);
}

/* Takes away the inputs outside the range. */
static void keep_inputs(struct small *s)
{
	const struct sgan_image_range images = sgan_batch_images(s->batch);
	for (size_t i = 0; i < s->desc.layer_count; i++)
		for (size_t k = 0; s->inputs[i] != NULL && k < s->n * sgan_net_size(s->net, (int)i); k++) {
			const size_t image = k / sgan_net_size(s->net, (int)i);
			if (image < images.first || image >= images.first + images.count)
				s->inputs[i][k] = NAN;
		}
}

static void compare_nets(const struct small *whole, const struct small *mine, const char *where)
{
	const struct sgan_image_range images = sgan_batch_images(mine->batch);
	const size_t out = whole->desc.layer_count - 1;
	for (size_t i = 0; i < sgan_params_count(whole->params); i++) {
		const struct sgan_param *a = sgan_params_at(whole->params, i), *b = sgan_params_at(mine->params, i);
		const size_t bytes = a->count * sizeof(real);
		cr_expect_arr_eq(b->value, a->value, bytes, "%s: %s has other bits", where, a->name);
		if (a->trainable)
			cr_expect_arr_eq(b->grad, a->grad, bytes, "%s: the gradient of %s has other bits", where, a->name);
	}
	const size_t size = sgan_net_size(whole->net, (int)out), in = sgan_net_size(whole->net, 0);
	cr_expect_arr_eq(sgan_tape_value(mine->tape, (int)out) + images.first * size,
	                 sgan_tape_value(whole->tape, (int)out) + images.first * size, images.count * size * sizeof(real),
	                 "%s: the output has other bits", where);
	cr_expect_arr_eq(sgan_tape_grad(mine->tape, 0) + images.first * in,
	                 sgan_tape_grad(whole->tape, 0) + images.first * in, images.count * in * sizeof(real),
	                 "%s: the input's gradient has other bits", where);
}

/* Tells networks that there will be an exchange; nothing is summed with it. */
static sgan_status never(void *arg, const sgan_partials *partials)
{
	(void)arg;
	(void)partials;
	return sgan_fail(SGAN_EIO, "nobody was to exchange with this context");
}

static void try_net(const char *isa, const struct sgan_net_desc *desc, size_t number)
{
	sgan_ctx *ctx = small_context(isa, 1);
	sgan_ctx_set_exchange(ctx, &(sgan_exchange){ .gather = never });
	struct small whole = small_create(ctx, desc, NET_N, NET_SLICES);
	exchange_all(isa, 1, run_net, (void *[]){ &whole });
	for (size_t ranks = 2; ranks <= 3; ranks++) {
		struct small mine[EXCHANGE_MOST];
		void *args[EXCHANGE_MOST];
		for (size_t r = 0; r < ranks; r++) {
			mine[r] = small_create(ctx, desc, NET_N, NET_SLICES);
			mine[r].batch = exchange_share(NET_N, NET_SLICES, r, ranks);
			keep_inputs(&mine[r]);
			args[r] = &mine[r];
		}
		exchange_all(isa, ranks, run_net, args);
		for (size_t r = 0; r < ranks; r++) {
			char where[128];
			snprintf(where, sizeof where, "%s: small net %zu, caller %zu of %zu", isa, number, r, ranks);
			compare_nets(&whole, &mine[r], where);
			small_destroy(&mine[r]);
		}
	}
	small_destroy(&whole);
	sgan_ctx_destroy(ctx);
}

Test(slices, networks_add_up, .timeout = 300)
{
	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++)
		for (size_t i = 0; i < SMALL_NETS && sgan_isa_usable((sgan_isa)isa); i++) {
			const struct sgan_net_desc desc = small_net("net", small_layers[i]);
			try_net(sgan_isa_name((sgan_isa)isa), &desc, i);
		}
}

/* A tape's workspace is for contexts like the one that its network was made with. */
Test(slices, networks_refuse_other_contexts)
{
	sgan_ctx *ctx = small_context("generic", 1), *more = small_context("generic", 2);
	const struct sgan_net_desc desc = small_net("net", small_layers[0]);
	struct small s = small_create(ctx, &desc, NET_N, NET_SLICES);
	cr_expect_eq(sgan_net_forward(ctx, s.net, s.params, s.tape, s.batch, SGAN_TRAIN), SGAN_OK);
	cr_expect_eq(sgan_net_forward(more, s.net, s.params, s.tape, s.batch, SGAN_TRAIN), SGAN_EINVAL);
	cr_expect(strstr(sgan_last_error(), "2") != NULL, "%s", sgan_last_error());
	sgan_ctx_set_exchange(ctx, &(sgan_exchange){ .gather = never });
	cr_expect_eq(sgan_net_forward(ctx, s.net, s.params, s.tape, s.batch, SGAN_TRAIN), SGAN_EINVAL);
	cr_expect(strstr(sgan_last_error(), "exchange") != NULL, "%s", sgan_last_error());
	small_destroy(&s);
	sgan_ctx_destroy(ctx);
	sgan_ctx_destroy(more);
}

/* --- training ------------------------------------------------------------------- */

enum { IMAGES = 6, PICTURE = 32 * 32 * 3 };

/* The stacks of mnist.cfg and cifar10.cfg with fewer channels. The first have all that depends on a step's number and on
 * losses: several G steps by D's loss, a term of the stack below, an average of weights; the second have noise, dropout
 * and discriminators of classes, too. */
static const char *const few_channels[] = {
	"base = \"mnist\"; name = \"few\"; classes = 10;\n"
	"generator_steps = [ 1, 2, 3 ]; generator_steps_above = [ 2.0, 0.1 ]; ema = 0.9; joint: { lambda_below = 0.1; };\n"
	"set = [ \"encoder.layers.conv1.out=8\", \"encoder.layers.conv2.out=8\", \"stacks.[0].generator.fc.out=512\",\n"
	"\"stacks.[0].generator.fc.shape.[2]=32\", \"stacks.[0].generator.deconv1.out=20\",\n"
	"\"stacks.[0].generator.deconv2.out=16\", \"stacks.[0].generator.deconv3.out=8\",\n"
	"\"stacks.[0].discriminator.conv1.out=8\", \"stacks.[0].discriminator.conv2.out=12\",\n"
	"\"stacks.[0].discriminator.conv3.out=16\" ];\n",
	"base = \"cifar10\"; name = \"few\"; classes = 10;\n"
	"generator_steps = [ 1, 2, 3 ]; generator_steps_above = [ 2.0, 0.1 ]; ema = 0.9;\n"
	"set = [ \"encoder.layers.conv1.out=8\", \"encoder.layers.conv2.out=8\", \"stacks.[0].generator.fc.out=400\",\n"
	"\"stacks.[0].generator.fc.shape.[2]=16\", \"stacks.[0].generator.deconv1.out=16\",\n"
	"\"stacks.[0].generator.deconv2.out=12\", \"stacks.[0].generator.deconv3.out=8\",\n"
	"\"stacks.[0].discriminator.conv1.out=8\", \"stacks.[0].discriminator.conv2.out=8\",\n"
	"\"stacks.[0].discriminator.conv3.out=16\", \"stacks.[0].discriminator.conv4.out=16\",\n"
	"\"stacks.[0].discriminator.conv5.out=16\", \"stacks.[0].discriminator.conv6.out=16\" ];\n",
};

/* A caller that trains a model of its own on its slices. */
struct trainee {
	const struct sgan_preset *preset;
	size_t ranks;
	struct sgan_model *model;
	real x[IMAGES * PICTURE];
	uint32_t labels[IMAGES];
};

static sgan_status train_stage(struct exchange_rank *rank, enum sgan_stage stage)
{
	struct trainee *t = rank->arg;
	struct sgan_session *session;
	const sgan_batch share = exchange_share(IMAGES, t->preset->slices, rank->rank, t->ranks);
	SGAN_TRY(sgan_session_create(rank->ctx, t->model, stage, &session));
	sgan_status status = sgan_session_share(session, share.begin, share.end);
	sgan_session_copy_averages(session);
	for (int step = 0; step < 2 && status == SGAN_OK; step++) {
		status = sgan_session_batch(session, IMAGES, t->x, t->labels);
		if (status == SGAN_OK && stage == SGAN_STAGE_ENCODER)
			status = sgan_encoder_step(session);
		if (status == SGAN_OK && stage != SGAN_STAGE_ENCODER)
			status = sgan_discriminator_step(session);
		if (status == SGAN_OK && stage != SGAN_STAGE_ENCODER)
			status = sgan_generator_steps(session);
	}
	sgan_session_destroy(session);
	return status;
}

static sgan_status train(struct exchange_rank *rank)
{
	struct trainee *t = rank->arg;
	SGAN_TRY(sgan_model_create(rank->ctx, t->preset, IMAGES, true, &t->model));
	SGAN_TRY(sgan_model_init(rank->ctx, t->model, SGAN_STAGE_ENCODER));
	SGAN_TRY(sgan_model_init(rank->ctx, t->model, SGAN_STAGE_INDEPENDENT));
	for (int stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		SGAN_TRY(train_stage(rank, (enum sgan_stage)stage));
	return SGAN_OK;
}

/* The batch, of which a caller has its own images alone. */
static struct trainee *trainee(const struct sgan_preset *preset, size_t rank, size_t ranks)
{
	struct trainee *t = calloc(1, sizeof *t);
	const struct sgan_image_range images = sgan_batch_images(exchange_share(IMAGES, preset->slices, rank, ranks));
	const size_t picture = preset->height * preset->width * preset->channels;
	uint32_t state = 99;
	cr_assert(t != NULL && picture <= PICTURE);
	t->preset = preset;
	t->ranks = ranks;
	for (size_t i = 0; i < IMAGES; i++) {
		const bool mine = i >= images.first && i < images.first + images.count;
		t->labels[i] = mine ? (uint32_t)(i % preset->classes) : UINT32_MAX;
		for (size_t k = 0; k < picture; k++) {
			state = state * 1664525u + 1013904223u;
			t->x[i * picture + k] = mine ? (real)(state >> 24) / 255 : NAN;
		}
	}
	return t;
}

static void compare_models(struct sgan_model *whole, struct sgan_model *mine, const char *where)
{
	struct sgan_part *a, *b;
	enum sgan_stage stage;
	for (size_t k = 0; (a = sgan_model_part(whole, k, &stage)) != NULL; k++) {
		b = sgan_model_part(mine, k, &stage);
		for (size_t i = 0; i < sgan_params_count(a->params); i++) {
			const struct sgan_param *p = sgan_params_at(a->params, i), *q = sgan_params_at(b->params, i);
			const size_t bytes = p->count * sizeof(real);
			cr_expect_arr_eq(q->value, p->value, bytes, "%s: %s has other bits", where, p->name);
			if (p->trainable)
				cr_expect_arr_eq(q->m, p->m, bytes, "%s: a moment of %s has other bits", where, p->name);
			for (size_t j = 0; j < p->count; j++)
				cr_assert(isfinite((double)p->value[j]), "%s: %s is not finite", where, p->name);
		}
		for (size_t i = 0; a->average != NULL && i < sgan_params_count(a->average); i++) {
			const struct sgan_param *p = sgan_params_at(a->average, i), *q = sgan_params_at(b->average, i);
			cr_expect_arr_eq(q->value, p->value, p->count * sizeof(real), "%s: the average of %s has other bits", where,
			                 p->name);
		}
	}
}

/* Two steps of every stage, by 2 and 4 callers: each ends with the parameters and moments of one that trains alone. */
static void try_training(const char *isa, const struct sgan_preset *preset)
{
	struct trainee *alone = trainee(preset, 0, 1);
	exchange_all(isa, 1, train, (void *[]){ alone });
	for (size_t ranks = 2; ranks <= 4; ranks += 2) {
		void *args[EXCHANGE_MOST];
		for (size_t r = 0; r < ranks; r++)
			args[r] = trainee(preset, r, ranks);
		exchange_all(isa, ranks, train, args);
		for (size_t r = 0; r < ranks; r++) {
			struct trainee *t = args[r];
			char where[128];
			snprintf(where, sizeof where, "%s: caller %zu of %zu", isa, r, ranks);
			compare_models(alone->model, t->model, where);
			sgan_model_destroy(t->model);
			free(t);
		}
	}
	sgan_model_destroy(alone->model);
	free(alone);
}

TestSuite(training, .init = temporary_make, .fini = temporary_remove, .timeout = 600);

Test(training, adds_up)
{
	for (size_t i = 0; i < sizeof few_channels / sizeof *few_channels; i++) {
		struct sgan_preset *preset;
		put_text("few.cfg", few_channels[i]);
		cr_assert_eq(sgan_preset_load(in_temporary("few.cfg"), NULL, 0, &preset), SGAN_OK, "%s", sgan_last_error());
		cr_assert_eq(preset->slices, 4);
		for (int isa = 0; isa < SGAN_ISA_COUNT; isa++)
			if (sgan_isa_usable((sgan_isa)isa))
				try_training(sgan_isa_name((sgan_isa)isa), preset);
		sgan_preset_free(preset);
	}
}
