/* sgan-cpu selftest: prints what src/selftest finds, for one instruction set or all that this machine has. */
#include "src/selftest/selftest.h"

#include <stdio.h>

#include "src/cli/cli.h"
#include "src/cpu/status.h"

static const char help[] =
	"usage: sgan-cpu selftest [--isa NAME] [--threads N] [--bind WHAT]\n"
	"\n"
	"Compares every kernel of every instruction set that this machine can run, or of the one named,\n"
	"with the portable kernels, and these kernels' bits with recorded ones. One line a failure; exit code 1\n"
	"when there is any. Kernels that a set leaves to the portable ones are listed.\n";

static const struct option options[] = {
	CLI_COMMON_OPTIONS,
	{ NULL, 0, NULL, 0 },
};

struct tally {
	sgan_isa isa; /* the one that is tested */
	size_t passed, failed, skipped;
};

static void count(void *arg, const char *check, const char *failure)
{
	struct tally *tally = arg;
	tally->passed += !failure;
	tally->failed += failure != NULL;
	if (failure)
		printf("%s: %s: %s\n", sgan_isa_name(tally->isa), check, failure);
}

static void list(void *arg, const char *kernel)
{
	const struct tally *tally = arg;
	printf("%s: %s: no kernel of its own, the portable one is used\n", sgan_isa_name(tally->isa), kernel);
}

static sgan_status test(sgan_ctx *ctx, struct tally *tally)
{
	struct sgan_selftest_report report = { .result = count, .left_generic = list, .arg = tally };
	return sgan_selftest(ctx, tally->isa, 0, &report);
}

static sgan_status test_all(sgan_ctx *ctx, struct tally *tally)
{
	for (int i = 0; i < SGAN_ISA_COUNT; i++) {
		tally->isa = (sgan_isa)i;
		if (sgan_isa_usable(tally->isa)) {
			SGAN_TRY(test(ctx, tally));
			continue;
		}
		tally->skipped++;
		printf("%s: skipped: %s\n", sgan_isa_name(tally->isa),
		       sgan_isa_built(tally->isa) ? "this machine lacks it" : "this build has no kernels for it");
	}
	return SGAN_OK;
}

static int run(const struct cli_machine *machine)
{
	sgan_ctx *ctx;
	struct tally tally = { .passed = 0 };
	sgan_status status = cli_context(machine, &ctx);
	if (status != SGAN_OK)
		return cli_status(status);
	tally.isa = sgan_ctx_isa(ctx);
	status = machine->isa ? test(ctx, &tally) : test_all(ctx, &tally);
	sgan_ctx_destroy(ctx);
	if (status != SGAN_OK)
		return cli_status(status);
	printf("%zu checks passed, %zu failed; %zu instruction sets skipped\n", tally.passed, tally.failed, tally.skipped);
	return tally.failed ? CLI_FAILED : CLI_DONE;
}

int cli_selftest(int argc, char **argv)
{
	struct cli_machine machine = { .isa = NULL };
	int option;
	while ((option = cli_option(argc, argv, options)) != CLI_END) {
		switch (option) {
		case CLI_HELP:
			fputs(help, stdout);
			return CLI_DONE;
		default:
			if (!cli_machine_option(option, &machine))
				return CLI_USAGE;
		}
	}
	return run(&machine);
}
