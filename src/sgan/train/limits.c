/* Stages, steps and epochs, computed here alone. */
#include "src/sgan/train/limits.h"

#include <string.h>

enum sgan_stage sgan_first_stage(const struct sgan_preset *preset)
{
	for (unsigned stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		if (strcmp(preset->stage, sgan_stage_name(stage)) == 0)
			return stage;
	return sgan_preset_needs_encoder(preset) ? SGAN_STAGE_ENCODER : SGAN_STAGE_INDEPENDENT; /* "all", "no_joint" */
}

bool sgan_starts_from_nothing(const struct sgan_preset *preset)
{
	const enum sgan_stage first = sgan_first_stage(preset);
	return first == SGAN_STAGE_ENCODER || (first == SGAN_STAGE_INDEPENDENT && !sgan_preset_needs_encoder(preset));
}

enum sgan_stage sgan_last_stage(const struct sgan_preset *preset)
{
	const bool all = strcmp(preset->stage, "all") == 0, no_joint = strcmp(preset->stage, "no_joint") == 0;
	const size_t stages = sgan_preset_stages(preset);
	if (!all && !no_joint)
		return sgan_first_stage(preset);
	return (enum sgan_stage)(no_joint && stages == SGAN_STAGE_COUNT ? SGAN_STAGE_INDEPENDENT : stages - 1);
}

size_t sgan_epoch_steps(const struct sgan_stage_settings *settings, size_t images)
{
	return images / settings->batch;
}

size_t sgan_stage_steps(const struct sgan_stage_settings *settings, size_t images)
{
	const size_t an_epoch = sgan_epoch_steps(settings, images);
	const size_t limit = an_epoch > SIZE_MAX / settings->epochs ? SIZE_MAX : settings->epochs * an_epoch;
	return settings->steps > 0 && settings->steps < limit ? settings->steps : limit;
}

size_t sgan_stage_epochs(const struct sgan_stage_settings *settings, size_t images)
{
	const size_t an_epoch = sgan_epoch_steps(settings, images), steps = sgan_stage_steps(settings, images);
	return an_epoch > 0 ? steps / an_epoch + (steps % an_epoch > 0) : 0;
}

size_t sgan_epoch_of(const struct sgan_stage_settings *settings, size_t images, uint64_t steps)
{
	return steps == 0 ? 1 : (size_t)((steps - 1) / sgan_epoch_steps(settings, images)) + 1;
}

size_t sgan_largest_batch(const struct sgan_preset *preset)
{
	size_t largest = 1;
	for (size_t i = 0; i < sgan_preset_stages(preset); i++)
		largest = preset->stages[i].batch > largest ? preset->stages[i].batch : largest;
	return largest;
}

double sgan_stage_lr_factor(const struct sgan_stage_settings *settings, size_t images, uint64_t step)
{
	const size_t last = sgan_stage_steps(settings, images) - 1;
	return last > 0 ? 1 + (settings->lr_end / settings->lr - 1) * ((double)step / (double)last) : 1;
}
