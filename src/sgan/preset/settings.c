/* What is asked of settings once they have been read. */
#include "src/sgan/preset/preset.h"

const char *sgan_stage_name(enum sgan_stage stage)
{
	static const char *const names[] = { "encoder", "independent", "joint" };
	return (unsigned)stage < SGAN_STAGE_COUNT ? names[stage] : "none";
}

size_t sgan_preset_stages(const struct sgan_preset *preset)
{
	return preset->stack_count > 0 ? SGAN_STAGE_COUNT : SGAN_STAGE_ENCODER + 1;
}

size_t sgan_preset_scores(const struct sgan_preset *preset)
{
	return preset->labels == SGAN_LABELS_ROTATIONS ? SGAN_ROTATIONS : preset->classes;
}

bool sgan_preset_labelled(const struct sgan_preset *preset)
{
	return preset->stack_count > 0 && sgan_net_desc_find(&preset->stacks[preset->stack_count - 1].generator, "h") >= 0;
}

bool sgan_preset_reads_labels(const struct sgan_preset *preset)
{
	return preset->labels == SGAN_LABELS_DATA; /* the preset's checks leave no other reader */
}

bool sgan_preset_needs_encoder(const struct sgan_preset *preset)
{
	if (preset->stack_count != 1)
		return true;
	for (int stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		if (sgan_objective_find(&preset->stacks[0].objective[stage], SGAN_TERM_CONDITIONAL) != NULL)
			return true;
	return false;
}

const struct sgan_term *sgan_objective_find(const struct sgan_objective *objective, enum sgan_term_kind kind)
{
	for (size_t i = 0; i < objective->count; i++)
		if (objective->terms[i].kind == kind)
			return &objective->terms[i];
	return NULL;
}
