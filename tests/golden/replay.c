/* Runs the recorded passes and steps through libsgan. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "tests/golden/golden.h"

static void must(const struct golden *g, sgan_status status)
{
	cr_assert_eq(status, SGAN_OK, "%s: %s", g->where, sgan_last_error());
}

static real *room(size_t count)
{
	real *memory = sgan_alloc(count, sizeof(real));
	cr_assert_not_null(memory);
	return memory;
}

/* --- one network ---------------------------------------------------------- */

/* A network alone, with room for its inputs by layer. */
struct alone {
	const struct sgan_net_desc *desc;
	struct sgan_net *net;
	struct sgan_params *params;
	struct sgan_tape *tape;
	real *inputs[SGAN_LAYERS];
};

static const struct sgan_net_desc *find_network(const struct golden *g, const char *name)
{
	if (strcmp(g->preset->encoder.name, name) == 0)
		return &g->preset->encoder;
	for (size_t i = 0; i < g->preset->stack_count; i++) {
		if (strcmp(g->preset->stacks[i].generator.name, name) == 0)
			return &g->preset->stacks[i].generator;
		if (strcmp(g->preset->stacks[i].discriminator.name, name) == 0)
			return &g->preset->stacks[i].discriminator;
	}
	cr_assert_fail("the preset has no network '%s'", name);
	return NULL;
}

static void name_layer(const struct alone *a, size_t layer, char name[2 * SGAN_NAME])
{
	snprintf(name, 2 * SGAN_NAME, "%s.%s", a->desc->name, a->desc->layers[layer].name);
}

static void alone_create(struct golden *g, const char *name, struct alone *a)
{
	memset(a, 0, sizeof *a);
	a->desc = find_network(g, name);
	must(g, sgan_net_create(g->ctx, a->desc, GOLDEN_BATCH, g->preset->slices, &a->net));
	must(g, sgan_params_create(a->net, true, &a->params));
	must(g, sgan_tape_create(a->net, true, &a->tape));
	golden_start_values(g, a->params);
	for (size_t i = 0; i < a->desc->layer_count; i++) {
		char input[2 * SGAN_NAME];
		const size_t count = GOLDEN_BATCH * sgan_net_size(a->net, (int)i);
		if (a->desc->layers[i].kind != SGAN_LAYER_INPUT)
			continue;
		name_layer(a, i, input);
		a->inputs[i] = room(count);
		golden_input(g, input, count, a->inputs[i]);
		sgan_tape_input(a->tape, (int)i, a->inputs[i]);
	}
}

static void alone_destroy(struct alone *a)
{
	for (size_t i = 0; i < SGAN_LAYERS; i++)
		sgan_free(a->inputs[i]);
	sgan_tape_destroy(a->tape);
	sgan_params_destroy(a->params);
	sgan_net_destroy(a->net);
}

static bool is_head(const struct alone *a, size_t layer)
{
	for (size_t h = 0; h < a->desc->head_count; h++)
		if (strcmp(a->desc->heads[h], a->desc->layers[layer].name) == 0)
			return true;
	return a->desc->head_count == 0 && layer + 1 == a->desc->layer_count;
}

/* Forward; then the heads' outputs are compared and given their recorded gradients. */
static void forward(struct golden *g, struct alone *a, json_t *tensors, enum sgan_mode mode)
{
	must(g,
	     sgan_net_forward(g->ctx, a->net, a->params, a->tape, sgan_whole_batch(GOLDEN_BATCH, g->preset->slices), mode));
	for (size_t i = 0; i < a->desc->layer_count; i++) {
		char name[2 * SGAN_NAME];
		const size_t count = GOLDEN_BATCH * sgan_net_size(a->net, (int)i);
		if (!is_head(a, i))
			continue;
		name_layer(a, i, name);
		golden_compare(g, tensors, "output", name, count, sgan_tape_value(a->tape, (int)i), 0);
		golden_head_gradient(g, name, count, sgan_tape_grad(a->tape, (int)i));
	}
}

/* One input's gradient at a time: that is what a backward pass gives. */
static void compare_inputs(struct golden *g, struct alone *a, json_t *tensors, enum sgan_mode mode)
{
	for (size_t i = 0; i < a->desc->layer_count; i++) {
		char name[2 * SGAN_NAME];
		if (a->inputs[i] == NULL)
			continue;
		forward(g, a, tensors, mode);
		must(g, sgan_net_backward(g->ctx, a->net, a->params, a->tape, false, (int)i));
		name_layer(a, i, name);
		golden_compare(g, tensors, "grad", name, GOLDEN_BATCH * sgan_net_size(a->net, (int)i),
		               sgan_tape_grad(a->tape, (int)i), 0);
	}
}

static void compare_parameters(struct golden *g, struct alone *a, json_t *tensors)
{
	forward(g, a, tensors, SGAN_TRAIN_RUNNING);
	sgan_params_clear_grads(a->params);
	must(g, sgan_net_backward(g->ctx, a->net, a->params, a->tape, true, -1));
	for (size_t i = 0; i < sgan_params_count(a->params); i++) {
		const struct sgan_param *p = sgan_params_at(a->params, i);
		golden_compare(g, tensors, p->trainable ? "grad" : "value", p->name, p->count,
		               p->trainable ? p->grad : p->value, 0);
	}
}

void golden_replay_networks(struct golden *g)
{
	const json_t *passes = json_object_get(g->root, "passes"), *pass;
	size_t i;
	json_array_foreach (passes, i, pass) {
		struct alone a;
		json_t *tensors = json_object_get(pass, "tensors");
		const bool infer = strcmp(json_string_value(json_object_get(pass, "mode")), "infer") == 0;
		golden_take_seed(g, pass);
		alone_create(g, json_string_value(json_object_get(pass, "network")), &a);
		compare_inputs(g, &a, tensors, infer ? SGAN_INFER : SGAN_TRAIN);
		if (!infer)
			compare_parameters(g, &a, tensors);
		golden_expect_all_compared(g, tensors);
		alone_destroy(&a);
	}
}

/* --- steps of a stage ------------------------------------------------------ */

static void take_step(struct golden *g, struct sgan_session *s, const json_t *step)
{
	const char *kind = json_string_value(json_object_get(step, "step")), *name;
	json_t *losses = json_object_get(step, "losses");
	const json_t *loss;
	if (strcmp(kind, "encoder") == 0)
		must(g, sgan_encoder_step(s));
	else if (strcmp(kind, "discriminator") == 0)
		must(g, sgan_discriminator_step(s));
	else
		must(g, sgan_generator_step(s));
	cr_assert_gt(json_object_size(losses), 0);
	json_object_foreach (losses, name, loss) {
		size_t i = 0;
		while (i < s->loss_count && strcmp(s->losses[i].name, name) != 0)
			i++;
		cr_assert_lt(i, s->loss_count, "%s: a %s step gave no loss '%s'", g->where, kind, name);
		golden_compare_loss(g, kind, name, s->losses[i].value, json_real_value(loss));
	}
}

/* Every D step of a GAN stage, and every encoder step, begins a new batch. */
static size_t take_all_steps(struct golden *g, struct sgan_session *s, real *x, size_t x_count)
{
	const json_t *steps = json_object_get(g->root, "steps"), *step;
	uint32_t labels[GOLDEN_BATCH];
	size_t i, batches = 0;
	json_array_foreach (steps, i, step) {
		if (strcmp(json_string_value(json_object_get(step, "step")), "generator") != 0) {
			golden_batch(g, batches++, x_count, x, labels);
			must(g, sgan_session_batch(s, GOLDEN_BATCH, x, labels));
		}
		take_step(g, s, step);
	}
	return batches;
}

static void compare_part(struct golden *g, json_t *tensors, struct sgan_part *part,
                         const struct sgan_stage_settings *settings, size_t updates)
{
	for (size_t i = 0; i < sgan_params_count(part->params); i++) {
		const struct sgan_param *p = sgan_params_at(part->params, i);
		if (!p->trainable) {
			golden_compare(g, tensors, "value", p->name, p->count, p->value, 0);
			continue;
		}
		golden_compare_update(g, tensors, p, updates, settings->lr / sqrt(settings->epsilon));
		golden_compare(g, tensors, "grad", p->name, p->count, p->grad, 0);
	}
}

static void compare_generated(struct golden *g, json_t *tensors, const struct sgan_session *s)
{
	for (size_t i = 0; i < s->model->stack_count; i++)
		golden_compare(g, tensors, "output", sgan_net_desc(s->model->stacks[i].generator.net)->name,
		               GOLDEN_BATCH * s->model->stacks[i].lower_size, sgan_session_generated(s, i), 0);
}

/* Parts that the stage does not train are still what they were, to the bit. */
static void compare_frozen(struct golden *g, struct sgan_part *part, struct sgan_params *start)
{
	golden_start_values(g, start);
	for (size_t i = 0; i < sgan_params_count(start); i++) {
		const struct sgan_param *a = sgan_params_at(start, i), *b = sgan_params_at(part->params, i);
		cr_expect_arr_eq(a->value, b->value, a->count * sizeof(real), "%s: %s was changed", g->where, a->name);
	}
}

static void compare_model(struct golden *g, struct sgan_model *model, enum sgan_stage stage, size_t updates)
{
	json_t *tensors = json_object_get(g->root, "tensors");
	enum sgan_stage first;
	struct sgan_part *part;
	for (size_t k = 0; (part = sgan_model_part(model, k, &first)) != NULL; k++) {
		const bool trained = (first == SGAN_STAGE_ENCODER) == (stage == SGAN_STAGE_ENCODER);
		struct sgan_params *start;
		if (trained) {
			compare_part(g, tensors, part, &g->preset->stages[stage], updates);
			continue;
		}
		must(g, sgan_params_create(part->net, false, &start));
		compare_frozen(g, part, start);
		sgan_params_destroy(start);
	}
}

void golden_replay_stage(struct golden *g, enum sgan_stage stage)
{
	const size_t x_count = GOLDEN_BATCH * g->preset->height * g->preset->width * g->preset->channels;
	struct sgan_model *model;
	struct sgan_session *session;
	enum sgan_stage first;
	struct sgan_part *part;
	real *x = room(x_count);
	golden_take_seed(g, g->root);
	must(g, sgan_model_create(g->ctx, g->preset, GOLDEN_BATCH, true, &model));
	must(g, sgan_session_create(g->ctx, model, stage, &session));
	for (size_t k = 0; (part = sgan_model_part(model, k, &first)) != NULL; k++)
		golden_start_values(g, part->params);
	const size_t batches = take_all_steps(g, session, x, x_count);
	cr_assert_geq(batches, 3, "%s: %zu batches recorded", g->where, batches);
	compare_model(g, model, stage, batches);
	if (stage != SGAN_STAGE_ENCODER)
		compare_generated(g, json_object_get(g->root, "tensors"), session);
	golden_expect_all_compared(g, json_object_get(g->root, "tensors"));
	sgan_session_destroy(session);
	sgan_model_destroy(model);
	sgan_free(x);
}
