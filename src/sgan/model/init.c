/* The first weights of a model's networks. */
#include <math.h>

#include "src/cpu/status.h"
#include "src/ops/ops.h"
#include "src/sgan/model/model.h"
#include "src/sgan/model/streams.h"

/* FNV-1a: a tensor's weights depend on its name, not on its place in the model. */
static uint64_t hash_name(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325u;
	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
	return hash;
}

/* N(0, std^2). */
static sgan_status draw_normal(sgan_ctx *ctx, uint64_t seed, double std, struct sgan_param *p)
{
	SGAN_TRY(sgan_random_normal(ctx, seed, sgan_stream(SGAN_RANDOM_INIT, 0, 0), hash_name(p->name), 0, p->count,
	                            p->value));
	for (size_t i = 0; i < p->count; i++)
		p->value[i] *= (real)std;
	return SGAN_OK;
}

/* Uniform in [-limit, limit). */
static sgan_status draw_uniform(sgan_ctx *ctx, uint64_t seed, double limit, struct sgan_param *p)
{
	SGAN_TRY(sgan_random_uniform(ctx, seed, sgan_stream(SGAN_RANDOM_INIT, 0, 0), hash_name(p->name), 0, p->count,
	                             p->value));
	for (size_t i = 0; i < p->count; i++)
		p->value[i] = (2 * p->value[i] - 1) * (real)limit;
	return SGAN_OK;
}

/* He et al., 2015: variance 2 / fan_in keeps the scale of activations through ReLUs. Glorot and Bengio, 2010: variance
 * 2 / (fan_in + fan_out), a compromise between keeping that of activations and that of gradients. */
static sgan_status draw(sgan_ctx *ctx, uint64_t seed, const struct sgan_init *init, struct sgan_param *p)
{
	switch (init->kind) {
	case SGAN_INIT_HE:
		return draw_normal(ctx, seed, sqrt(2.0 / (double)p->fan_in), p);
	case SGAN_INIT_GLOROT:
		return draw_uniform(ctx, seed, sqrt(6.0 / (double)(p->fan_in + p->fan_out)), p);
	case SGAN_INIT_NORMAL:
		break;
	}
	return draw_normal(ctx, seed, init->std, p);
}

sgan_status sgan_model_init(sgan_ctx *ctx, struct sgan_model *model, enum sgan_stage stage)
{
	const struct sgan_stage_settings *settings = &model->preset->stages[stage];
	const struct sgan_init *const inits[3] = { &settings->init, &settings->generator_init,
		                                       &settings->discriminator_init }; /* in the order of parts */
	struct sgan_part *part;
	enum sgan_stage first;
	for (size_t k = 0; (part = sgan_model_part(model, k, &first)) != NULL; k++) {
		if (first != stage)
			continue;
		for (size_t i = 0; i < sgan_params_count(part->params); i++)
			if (sgan_params_at(part->params, i)->weight)
				SGAN_TRY(draw(ctx, model->preset->seed, inits[k % 3], sgan_params_at(part->params, i)));
		sgan_params_changed(part->params);
	}
	return SGAN_OK;
}
