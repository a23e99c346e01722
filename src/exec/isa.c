/* Instruction sets: their names, which of them this build has, which this
 * machine can run. The one place that knows every kernel table. */
#include <stdio.h>
#include <string.h>

#include "src/exec/ctx.h"
#include "src/cpu/detect.h"
#include "src/cpu/status.h"

static const char *const names[SGAN_ISA_COUNT] = {
#define SGAN_SET(ISA, name) [SGAN_ISA_##ISA] = #name,
#define SGAN_NO_SET(ISA, name) [SGAN_ISA_##ISA] = #name,
#include "kernels/sets.def"
};

static const struct sgan_kernels *const tables[SGAN_ISA_COUNT] = {
#define SGAN_SET(ISA, name) [SGAN_ISA_##ISA] = &SGAN_SYMBOL(kernels__##name),
#define SGAN_NO_SET(ISA, name)
#include "kernels/sets.def"
};

static bool is_isa(sgan_isa isa)
{
	return (unsigned)isa < SGAN_ISA_COUNT;
}

const char *sgan_isa_name(sgan_isa isa)
{
	return is_isa(isa) ? names[isa] : "unknown";
}

/* "generic, avx2 or avx512". */
static void list_names(size_t size, char *text)
{
	size_t used = 0;

	for (int i = 0; i < SGAN_ISA_COUNT && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
		                         i == 0 ? "" : i + 1 < SGAN_ISA_COUNT ? ", " : " or ", names[i]);
}

sgan_status sgan_isa_parse(const char *name, sgan_isa *isa)
{
	if (!name || !isa)
		return sgan_fail(SGAN_EINVAL, "instruction set: %s is NULL", name ? "isa" : "name");
	for (int i = 0; i < SGAN_ISA_COUNT; i++)
		if (strcmp(name, names[i]) == 0) {
			*isa = (sgan_isa)i;
			return SGAN_OK;
		}
	char known[128];
	list_names(sizeof known, known);
	return sgan_fail(SGAN_EINVAL, "unknown instruction set \"%.64s\": %s expected", name, known);
}

const struct sgan_kernels *sgan_kernels_for(sgan_isa isa)
{
	return is_isa(isa) ? tables[isa] : NULL;
}

bool sgan_isa_built(sgan_isa isa)
{
	return sgan_kernels_for(isa) != NULL;
}

bool sgan_isa_usable(sgan_isa isa)
{
	if (!sgan_isa_built(isa))
		return false;
	struct sgan_cpu cpu;
	sgan_cpu_read(&cpu);
	return cpu.isa[isa];
}

sgan_isa sgan_isa_best(void)
{
	struct sgan_cpu cpu;
	sgan_cpu_read(&cpu);
	for (int i = SGAN_ISA_COUNT - 1; i > SGAN_ISA_GENERIC; i--)
		if (tables[i] && cpu.isa[i])
			return (sgan_isa)i;
	return SGAN_ISA_GENERIC;
}
