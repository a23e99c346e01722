/* The list of checks, from kernels.def, and how they are run. */
#include "src/selftest/selftest.h"

#include <inttypes.h>
#include <string.h>

#include "src/exec/ctx.h"
#include "src/cpu/status.h"
#include "src/selftest/check.h"

static const struct {
	const char *name;
	void (*run)(struct check *c);
} checks[] = {
#define SGAN_KERNEL(field, args) { #field, check_##field },
#include "kernels/kernels.def"
#undef SGAN_KERNEL
	{ "philox", check_philox },
	{ "convolutions", check_convolutions },
	{ "matrix products", check_matrix_products },
};

enum {
#define SGAN_KERNEL(field, args) NUMBER_OF_##field,
#include "kernels/kernels.def"
#undef SGAN_KERNEL
	KERNELS
};

/* Every row is in recorded.def: without, this does not compile. */
enum {
#define SGAN_RECORDED(field, hash) RECORDED_##field,
#define SGAN_NOT_RECORDED(field) RECORDED_##field,
#include "src/selftest/recorded.def"
#undef SGAN_RECORDED
#undef SGAN_NOT_RECORDED
};
#define SGAN_KERNEL(field, args) _Static_assert(RECORDED_##field >= 0, "a row that recorded.def lacks");
#include "kernels/kernels.def"
#undef SGAN_KERNEL

static const struct {
	const char *name;
	uint64_t hash;
} recorded[] = {
#define SGAN_RECORDED(field, hash) { #field, hash },
#define SGAN_NOT_RECORDED(field)
#include "src/selftest/recorded.def"
#undef SGAN_RECORDED
#undef SGAN_NOT_RECORDED
};

/* The generic set, which the others are held against, has other machines' bits. */
static void compare_recorded(struct check *c, const char *name)
{
	for (size_t i = 0; i < sizeof recorded / sizeof *recorded; i++)
		if (strcmp(recorded[i].name, name) == 0 && recorded[i].hash != c->hash)
			check_fail(c, "other bits than recorded: their hash is 0x%016" PRIx64 ", not 0x%016" PRIx64, c->hash,
			           recorded[i].hash);
}

/* Of its name, so that a check always has the same cases: a failure can be repeated. */
static uint64_t seed_of(const char *name)
{
	uint64_t seed = 0x9E3779B97F4A7C15u;

	for (; *name; name++)
		seed = (seed ^ (unsigned char)*name) * 0x100000001b3u;
	return seed;
}

void check_left_generic(const struct sgan_kernels *set, void (*found)(void *arg, const char *kernel), void *arg)
{
	const struct sgan_kernels *generic = sgan_kernels_for(SGAN_ISA_GENERIC);

#define SGAN_KERNEL(field, args)       \
	if (set->field == generic->field) \
		found(arg, #field);
#include "kernels/kernels.def"
#undef SGAN_KERNEL
}

static sgan_status open_tested(const sgan_ctx *ctx, sgan_isa isa, sgan_ctx **tested)
{
	sgan_ctx_options options = { .isa = sgan_isa_name(isa), .threads = sgan_ctx_threads(ctx) };

	return sgan_ctx_create(&options, tested);
}

sgan_status sgan_selftest(sgan_ctx *ctx, sgan_isa isa, size_t page, const struct sgan_selftest_report *report)
{
	struct check check = { .oracle = sgan_kernels_for(SGAN_ISA_GENERIC), .page = page };
	const size_t count = page ? KERNELS : sizeof checks / sizeof *checks;

	SGAN_TRY(open_tested(ctx, isa, &check.ctx));
	check.tested = check.ctx->kernels;
	if (report->left_generic && check.tested != check.oracle)
		check_left_generic(check.tested, report->left_generic, report->arg);
	for (size_t i = 0; i < count; i++) {
		check.random = seed_of(checks[i].name);
		check_run(&check, checks[i].run);
		if (check.tested == check.oracle)
			compare_recorded(&check, checks[i].name);
		report->result(report->arg, checks[i].name, check_failed(&check) ? check.failure : NULL);
	}
	check_close(&check);
	sgan_ctx_destroy(check.ctx);
	return SGAN_OK;
}
