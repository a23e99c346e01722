/* The list of checks, from kernels.def, and how they are run. */
#include "src/selftest/selftest.h"
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

sgan_status sgan_selftest(sgan_ctx *ctx, sgan_isa isa, const struct sgan_selftest_report *report)
{
	struct check check = { .oracle = sgan_kernels_for(SGAN_ISA_GENERIC) };

	SGAN_TRY(open_tested(ctx, isa, &check.ctx));
	check.tested = check.ctx->kernels;
	if (report->left_generic && check.tested != check.oracle)
		check_left_generic(check.tested, report->left_generic, report->arg);
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		check.random = 0x9E3779B97F4A7C15u + i; /* always the same cases: a failure can be repeated */
		check_run(&check, checks[i].run);
		report->result(report->arg, checks[i].name, check_failed(&check) ? check.failure : NULL);
	}
	check_close(&check);
	sgan_ctx_destroy(check.ctx);
	return SGAN_OK;
}
