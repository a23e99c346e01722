/* Every layer's and every loss's gradient against central differences, in double. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/gradients.h"
#include "tests/small_nets.h"

enum { IMAGES = 5, SLICES = 2 };

struct pass {
	struct small *small;
	enum sgan_mode mode;
};

/* <heads, their gradients>, whose gradient is what the backward pass gives. */
static double inner_product(void *arg)
{
	const struct pass *pass = arg;
	struct small *s = pass->small;
	double sum = 0;
	sgan_params_changed(s->params);
	small_forward(s, pass->mode);
	for (size_t i = 0; i < s->desc.layer_count; i++) {
		const real *value = sgan_tape_value(s->tape, (int)i);
		for (size_t j = 0; s->head_gradients[i] != NULL && j < s->n * sgan_net_size(s->net, (int)i); j++)
			sum += (double)value[j] * (double)s->head_gradients[i][j];
	}
	return sum;
}

static real *copy(size_t count, const real *values)
{
	real *memory = small_room(count);
	memcpy(memory, values, count * sizeof(real));
	return memory;
}

static void check_inputs(struct gradient_check *c, struct small *s, enum sgan_mode mode)
{
	for (size_t i = 0; i < s->desc.layer_count; i++) {
		const size_t count = s->n * sgan_net_size(s->net, (int)i);
		if (s->inputs[i] == NULL)
			continue;
		small_forward(s, mode);
		small_backward(s, false, (int)i);
		real *gradient = copy(count, sgan_tape_grad(s->tape, (int)i));
		check_gradient(c, s->desc.layers[i].name, count, s->inputs[i], gradient);
		free(gradient);
	}
}

static void check_parameters(struct gradient_check *c, struct small *s)
{
	small_forward(s, SGAN_TRAIN);
	sgan_params_clear_grads(s->params);
	small_backward(s, true, -1);
	for (size_t i = 0; i < sgan_params_count(s->params); i++) {
		struct sgan_param *p = sgan_params_at(s->params, i);
		if (p->trainable)
			check_gradient(c, p->name, p->count, p->value, p->grad);
	}
}

static void check_net(sgan_ctx *ctx, const struct sgan_net_desc *desc)
{
	struct small s = small_create(ctx, desc, IMAGES, SLICES);
	struct pass train = { &s, SGAN_TRAIN }, infer = { &s, SGAN_INFER };
	struct gradient_check in_training = { .value = inner_product, .arg = &train };
	struct gradient_check in_inference = { .value = inner_product, .arg = &infer };
	check_parameters(&in_training, &s);
	check_inputs(&in_training, &s, SGAN_TRAIN);
	check_inputs(&in_inference, &s, SGAN_INFER);
	expect_few_left_out(&in_training, desc->name);
	expect_few_left_out(&in_inference, desc->name);
	cr_log_info("%s: %zu elements, largest error %.3f of what is allowed", desc->name,
	            in_training.checked + in_inference.checked, fmax(in_training.worst, in_inference.worst));
	small_destroy(&s);
}

Test(gradients, layers)
{
	sgan_ctx *ctx = small_context("generic", 1);
	for (size_t i = 0; i < SMALL_NETS; i++) {
		char name[SGAN_NAME];
		snprintf(name, sizeof name, "net%zu", i);
		const struct sgan_net_desc desc = small_net(name, small_layers[i]);
		check_net(ctx, &desc);
	}
	sgan_ctx_destroy(ctx);
}

Test(gradients, heads_on_a_shared_trunk)
{
	sgan_ctx *ctx = small_context("generic", 1);
	const struct sgan_net_desc desc = two_heads();
	check_net(ctx, &desc);
	sgan_ctx_destroy(ctx);
}

/* --- losses ------------------------------------------------------------------ */

enum { ROWS = 5, CLASSES = 4, VALUES = ROWS * CLASSES };

enum loss_kind { SOFTMAX_CROSS_ENTROPY, BCE_ONE, BCE_ZERO, CLASSES_ONE, CLASSES_ZERO, MEAN_SQUARED_ERROR, LOSSES };

static const char *const loss_names[LOSSES] = {
	"softmax cross-entropy", "binary cross-entropy to 1", "binary cross-entropy to 0", "classes to 1",
	"classes to 0",          "mean squared error"
};
static const uint32_t loss_labels[ROWS] = { 2, 0, 3, 3, 1 };
static const double loss_weight = 0.7;

struct loss {
	sgan_ctx *ctx;
	enum loss_kind kind;
	size_t slices;
	real x[VALUES], target[VALUES];
	real *diff; /* or NULL */
};

static double loss_value(void *arg)
{
	struct loss *l = arg;
	double value = 0;
	sgan_status status = SGAN_OK;
	if (l->kind == SOFTMAX_CROSS_ENTROPY)
		status = sgan_softmax_cross_entropy(l->ctx, sgan_whole_batch(ROWS, l->slices), CLASSES, l->x, loss_labels,
		                                    (real)loss_weight, &value, l->diff);
	else if (l->kind == CLASSES_ONE || l->kind == CLASSES_ZERO)
		status = sgan_bce_classes(l->ctx, sgan_whole_batch(ROWS, l->slices), CLASSES, l->x, l->kind == CLASSES_ONE,
		                          (real)loss_weight, &value, l->diff);
	else if (l->kind == MEAN_SQUARED_ERROR)
		status = sgan_mean_squared_error(l->ctx, sgan_whole_batch(ROWS, l->slices), CLASSES, l->x, l->target,
		                                 (real)loss_weight, &value, l->diff);
	else
		status = sgan_bce_logits(l->ctx, sgan_whole_batch(VALUES, l->slices), l->x, l->kind == BCE_ONE,
		                         (real)loss_weight, &value, l->diff);
	cr_assert_eq(status, SGAN_OK, "%s", sgan_last_error());
	return value;
}

static double weighted_loss(void *arg)
{
	return loss_weight * loss_value(arg);
}

/* The losses by their definitions. */
static double defined_loss(const struct loss *l)
{
	double sum = 0;
	for (size_t i = 0; i < VALUES; i++) {
		const double x = l->x[i], s = 1 / (1 + exp(-x));
		const size_t row = i / CLASSES, first = row * CLASSES;
		double all = 0;
		for (size_t k = 0; k < CLASSES; k++)
			all += exp((double)l->x[first + k]);
		if (l->kind == SOFTMAX_CROSS_ENTROPY && i - first == loss_labels[row])
			sum -= CLASSES * log(exp(x) / all);
		if (l->kind == BCE_ONE || l->kind == BCE_ZERO)
			sum -= log(l->kind == BCE_ONE ? s : 1 - s);
		if (l->kind == CLASSES_ONE || l->kind == CLASSES_ZERO) /* once a row */
			sum -= i == first ? CLASSES * log((l->kind == CLASSES_ONE ? all : 1) / (1 + all)) : 0;
		if (l->kind == MEAN_SQUARED_ERROR)
			sum += (x - (double)l->target[i]) * (x - (double)l->target[i]);
	}
	return sum / VALUES;
}

static void check_loss(struct loss *l)
{
	real diff[VALUES], alone[VALUES];
	struct gradient_check c = { .value = weighted_loss, .arg = l };
	for (size_t i = 0; i < VALUES; i++)
		diff[i] = (real)i;
	l->diff = diff;
	const double value = loss_value(l);
	l->diff = NULL;
	for (size_t i = 0; i < VALUES; i++)
		alone[i] = diff[i] - (real)i; /* gradients are added */
	cr_expect_float_eq(value, defined_loss(l), 1e-12, "%s is %.15g, not %.15g", loss_names[l->kind], value,
	                   defined_loss(l));
	cr_expect_eq(value, loss_value(l), "%s depends on whether its gradient is wanted", loss_names[l->kind]);
	check_gradient(&c, loss_names[l->kind], VALUES, l->x, alone);
	cr_expect_eq(c.left_out, 0, "%s: a kink", loss_names[l->kind]);
}

Test(gradients, losses)
{
	sgan_ctx *ctx = small_context("generic", 1);
	for (size_t slices = 1; slices <= 3; slices++)
		for (int kind = 0; kind < LOSSES; kind++) {
			struct loss l = { .ctx = ctx, .kind = (enum loss_kind)kind, .slices = slices };
			small_numbers(ctx, 1, 0, VALUES, l.x);
			small_numbers(ctx, 2, 0, VALUES, l.target);
			for (size_t i = 0; i < VALUES; i++)
				l.x[i] *= 6;
			check_loss(&l);
		}
	sgan_ctx_destroy(ctx);
}

/* Logits far from 0: the loss and its gradient stay finite and right. */
Test(gradients, losses_of_extreme_logits)
{
	sgan_ctx *ctx = small_context("generic", 1);
	const real logits[2] = { 1000, -1000 };
	real diff[2] = { 0, 0 };
	double loss;
	cr_assert_eq(sgan_bce_logits(ctx, sgan_whole_batch(2, 1), logits, 1, 1, &loss, diff), SGAN_OK);
	cr_expect_float_eq(loss, 500, 1e-9);
	cr_expect_float_eq((double)diff[0], 0, 1e-12);
	cr_expect_float_eq((double)diff[1], -0.5, 1e-12);
	const uint32_t label = 1;
	diff[0] = diff[1] = 0;
	cr_assert_eq(sgan_softmax_cross_entropy(ctx, sgan_whole_batch(1, 1), 2, logits, &label, 1, &loss, diff), SGAN_OK);
	cr_expect_float_eq(loss, 2000, 1e-9);
	cr_expect_float_eq((double)diff[0], 1, 1e-12);
	cr_expect_float_eq((double)diff[1], -1, 1e-12);
	diff[0] = diff[1] = 0;
	cr_assert_eq(sgan_bce_classes(ctx, sgan_whole_batch(1, 1), 2, logits, 0, 1, &loss, diff), SGAN_OK);
	cr_expect_float_eq(loss, 1000, 1e-9);
	cr_expect_float_eq((double)diff[0], 1, 1e-12);
	cr_expect_float_eq((double)diff[1], 0, 1e-12);
	sgan_ctx_destroy(ctx);
}
