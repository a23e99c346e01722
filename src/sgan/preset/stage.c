/* The stages' names, as presets, files and logs have them. */
#include "src/sgan/preset/preset.h"

const char *sgan_stage_name(enum sgan_stage stage)
{
	static const char *const names[] = { "encoder", "independent", "joint" };
	return (unsigned)stage < SGAN_STAGE_COUNT ? names[stage] : "none";
}
