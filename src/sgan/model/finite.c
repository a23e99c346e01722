/* What a training step must leave behind: finite numbers. Losses show what was computed before the step's update; a
 * NaN that the update makes, or one in a running statistic, which training never reads, is found here alone. */
#include "src/sgan/model/finite.h"

#include <inttypes.h>
#include <stdio.h>

#include "src/cpu/status.h"

bool sgan_all_finite(const real *values, size_t count)
{
	enum { LANES = 16 };
	/* x - x is 0 where x is finite and a NaN where it is not, which stays in a sum: no branch for each value */
	real sums[LANES] = { 0 };
	size_t i = 0;
	for (; i + LANES <= count; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			sums[k] += values[i + k] - values[i + k];
	for (; i < count; i++)
		sums[0] += values[i] - values[i];
	for (size_t k = 1; k < LANES; k++)
		sums[0] += sums[k];
	return sums[0] == 0;
}

sgan_status sgan_check_finite(const char *name, const real *values, size_t count, enum sgan_stage stage, uint64_t step)
{
	if (sgan_all_finite(values, count))
		return SGAN_OK;
	return sgan_fail(SGAN_EDIVERGED, "%s is not finite at step %" PRIu64 " of stage %s", name, step,
	                 sgan_stage_name(stage));
}

static sgan_status check_part(struct sgan_part *part, enum sgan_stage stage, uint64_t step)
{
	for (size_t i = 0; i < sgan_params_count(part->params); i++) {
		const struct sgan_param *p = sgan_params_at(part->params, i);
		char moments[SGAN_PARAM_NAME + 32];
		SGAN_TRY(sgan_check_finite(p->name, p->value, p->count, stage, step));
		if (p->m == NULL)
			continue;
		snprintf(moments, sizeof moments, "Adam's moment of %s", p->name);
		SGAN_TRY(sgan_check_finite(moments, p->m, p->count, stage, step));
		SGAN_TRY(sgan_check_finite(moments, p->v, p->count, stage, step));
	}
	return SGAN_OK;
}

sgan_status sgan_model_check_finite(struct sgan_model *model, enum sgan_stage stage, uint64_t step)
{
	struct sgan_part *part;
	enum sgan_stage first;
	for (size_t k = 0; (part = sgan_model_part(model, k, &first)) != NULL; k++)
		if ((first == SGAN_STAGE_ENCODER) == (stage == SGAN_STAGE_ENCODER))
			SGAN_TRY(check_part(part, stage, step));
	return SGAN_OK;
}
