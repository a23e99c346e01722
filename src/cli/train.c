/* sgan-cpu train: its options, and how it ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/train_run.h"
#include "src/cpu/status.h"

static const char help[] =
	"usage: sgan-cpu train [options]\n"
	"\n"
	"  --preset NAME|FILE   the model and its settings: a built-in preset or a .cfg file (mnist)\n"
	"  --data NAME|PATH     fashion-mnist, mnist, or a folder: IDX files (MNIST's, EMNIST's, ...; DIR:SET where\n"
	"                       there are several sets), CIFAR-10's binary version or its .tar.gz, SVHN's .mat files,\n"
	"                       PNG or JPEG images, a folder a class (fashion-mnist); see sgan-cpu data\n"
	"  --runs DIR           where runs are kept, each in a folder of its own (runs); --out is the same\n"
	"  --stage STAGE        encoder, independent, joint, no_joint or all (the preset's: all)\n"
	"  --epochs N           limit of each stage that is run\n"
	"  --steps N            the same in steps: one step of D, and those of G\n"
	"  --stop-after N       save and stop after N steps; --resume goes on\n"
	"  --save-every TIME    save also when so much time has passed since the last save, as 90s, 10m or 2h\n"
	"  --init FILE|RUN      the model for stages that are not run: a file, a run's folder, or a run below --runs\n"
	"  --encoder FILE.npz   an encoder in the authors' published form, instead of training one: its test accuracy\n"
	"                       is reported (--stage encoder: no more than that)\n"
	"  --seed N             of weights, shuffling and noise (the preset's: 1)\n"
	"  --set KEY=VALUE      any setting of the preset, such as joint.lr=2e-4; may be repeated\n"
	"  --resume latest|RUN  go on with a run below --runs, in its folder; with --epochs or --steps, for longer\n"
	"                       than it was to, whether or not it is finished\n"
	"  --threads N          (as many as this process may use)\n"
	"  --isa NAME           generic, avx2, avx512 or neon (the best here)\n"
	"  --bind WHAT          threads to the CPUs of their NUMA node, each to a core, or not at all: node, core,\n"
	"                       none (node; on a machine of one node, none)\n"
	"  --dry-run            print what would be done; write nothing\n"
	"  --quiet              no progress\n"
	"\n"
	"Prints the run's folder to standard output at the end. Ctrl-C finishes the step, saves and stops;\n"
	"a second one, over a second later, stops at once. SIGUSR2 saves and goes on.\n";

enum {
	PRESET = CLI_FIRST_OPTION,
	DATA,
	OUT,
	STAGE,
	EPOCHS,
	STEPS,
	STOP_AFTER,
	SAVE_EVERY,
	INIT,
	ENCODER,
	SEED,
	RESUME,
	SET,
	DRY_RUN,
	QUIET
};

static const struct option options[] = {
	CLI_COMMON_OPTIONS,
	{ "preset", required_argument, NULL, PRESET },
	{ "data", required_argument, NULL, DATA },
	{ "out", required_argument, NULL, OUT },
	{ "runs", required_argument, NULL, OUT },
	{ "stage", required_argument, NULL, STAGE },
	{ "epochs", required_argument, NULL, EPOCHS },
	{ "steps", required_argument, NULL, STEPS },
	{ "stop-after", required_argument, NULL, STOP_AFTER },
	{ "save-every", required_argument, NULL, SAVE_EVERY },
	{ "init", required_argument, NULL, INIT },
	{ "encoder", required_argument, NULL, ENCODER },
	{ "seed", required_argument, NULL, SEED },
	{ "resume", required_argument, NULL, RESUME },
	{ "set", required_argument, NULL, SET },
	{ "dry-run", no_argument, NULL, DRY_RUN },
	{ "quiet", no_argument, NULL, QUIET },
	{ NULL, 0, NULL, 0 },
};

static bool take_stage(struct cli_train *train, const char *text)
{
	bool known = strcmp(text, "all") == 0 || strcmp(text, "no_joint") == 0;
	for (unsigned stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		known = known || strcmp(text, sgan_stage_name(stage)) == 0;
	if (!known) {
		cli_error(CLI_USAGE, "--stage is '%.80s', expected encoder, independent, joint, no_joint or all", text);
		return false;
	}
	snprintf(train->own[OWN_STAGE], sizeof train->own[0], "stage=%s", text);
	return true;
}

/* A limit of every stage, in settings from `first` on. */
static bool take_limit(struct cli_train *train, const char *option, const char *key, uint64_t max, size_t first)
{
	uint64_t limit;
	if (!cli_number(option, optarg, 1, max, &limit))
		return false;
	for (unsigned stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		snprintf(train->own[first + stage], sizeof train->own[0], "%s.%s=%llu", sgan_stage_name(stage), key,
		         (unsigned long long)limit);
	return true;
}

static bool take_seed(struct cli_train *train)
{
	uint64_t seed;
	if (!cli_seed(optarg, &seed))
		return false;
	snprintf(train->own[OWN_SEED], sizeof train->own[0], "seed=%llu", (unsigned long long)seed);
	return true;
}

/* Options that say what is trained. */
static bool take_setting(struct cli_train *train, int option)
{
	switch (option) {
	case PRESET:
		train->preset_name = optarg;
		train->changes = "--preset";
		return true;
	case STAGE:
		train->changes = "--stage";
		return take_stage(train, optarg);
	case EPOCHS:
		return take_limit(train, "--epochs", "epochs", 1000000, OWN_EPOCHS);
	case STEPS:
		return take_limit(train, "--steps", "steps", 1000000000, OWN_STEPS);
	case INIT:
		train->init_name = optarg;
		train->changes = "--init";
		return true;
	case ENCODER:
		train->encoder = optarg;
		train->changes = "--encoder";
		return true;
	case SEED:
		train->changes = "--seed";
		return take_seed(train);
	case SET:
		train->sets[train->set_count++] = optarg;
		train->changes = "--set";
		return true;
	default:
		return cli_machine_option(option, &train->machine);
	}
}

/* "90", "90s", "10m", "2h" */
static bool take_time(const char *option, const char *text, uint64_t *seconds)
{
	static const char units[] = "smh";
	static const uint64_t lasts[] = { 1, 60, 3600 };
	char digits[16];
	const size_t count = strspn(text, "0123456789");
	const char *unit = text[count] ? strchr(units, text[count]) : units;
	if (count == 0 || count >= sizeof digits || !unit || (text[count] && text[count + 1])) {
		cli_error(CLI_USAGE, "%s is '%.80s', expected a time such as 90s, 10m or 2h", option, text);
		return false;
	}
	memcpy(digits, text, count);
	digits[count] = '\0';
	if (!cli_number(option, digits, 1, 1000000, seconds))
		return false;
	*seconds *= lasts[unit - units];
	return true;
}

static bool take(struct cli_train *train, int option)
{
	switch (option) {
	case DATA:
		train->data_name = optarg;
		return true;
	case OUT:
		train->out = optarg;
		return true;
	case STOP_AFTER:
		return cli_number("--stop-after", optarg, 1, 1000000000, &train->stop_after);
	case SAVE_EVERY:
		return take_time("--save-every", optarg, &train->save_every);
	case RESUME:
		train->resume = optarg;
		return true;
	case DRY_RUN:
		return train->dry_run = true;
	case QUIET:
		return train->quiet = true;
	default:
		return take_setting(train, option);
	}
}

/* The exit code, after an error line that says what can be done next. Of several processes one speaks. */
static int report(const struct cli_train *train, sgan_status status)
{
	const size_t rank = sgan_ranks_number(train->ranks);
	cli_mute(sgan_ranks_silent(train->ranks) || (!train->ranks && !sgan_ranks_first_launched()));
	if (status == SGAN_EINTERRUPTED && cli_stop == SIGPIPE)
		return CLI_SIGNAL + SIGPIPE; /* nobody listens */
	const bool lost = status == SGAN_EIO || status == SGAN_ENOMEM || status == SGAN_EINTERRUPTED;
	if (lost && train->begun)
		sgan_fail(status, "%s; to go on: sgan-cpu train --resume %s", sgan_last_error(), train->run);
	if (status == SGAN_EDIVERGED && train->run[0])
		sgan_fail_in(status, "%s", train->run);
	if (status != SGAN_OK && rank > 0)
		sgan_fail_in(status, "process %zu", rank);
	return cli_status(status);
}

static int parse(int argc, char **argv, struct cli_train *train)
{
	int option;
	while ((option = cli_option(argc, argv, options)) != CLI_END) {
		if (option == CLI_HELP) {
			if (sgan_ranks_number(train->ranks) == 0)
				fputs(help, stdout);
			return CLI_HELP;
		}
		if (option == CLI_BAD || !take(train, option))
			return CLI_USAGE;
	}
	if (train->resume && train->changes)
		return cli_error(CLI_USAGE, "%s cannot change a run that is resumed", train->changes);
	return CLI_DONE;
}

/* Options are the same for all processes: of what is wrong with them the first tells. */
static int train_with(int argc, char **argv, struct cli_train *train)
{
	const sgan_status opened = sgan_ranks_open(&train->ranks);
	cli_mute(!sgan_ranks_first_launched());
	int code = opened == SGAN_OK ? parse(argc, argv, train) : CLI_DONE;
	sgan_status status = opened;
	if (code == CLI_DONE) {
		cli_catch_signals();
		if (status == SGAN_OK)
			status = cli_train_run(train);
		code = report(train, status);
	}
	sgan_ranks_close(train->ranks, status, code);
	cli_train_free(train);
	return code == CLI_HELP ? CLI_DONE : code;
}

int cli_train(int argc, char **argv)
{
	struct cli_train train = { .out = CLI_RUNS };
	train.sets = calloc((size_t)argc, sizeof *train.sets);
	if (!train.sets)
		return cli_error(CLI_FAILED, "no memory for settings");
	const int code = train_with(argc, argv, &train);
	free(train.sets);
	return code;
}
