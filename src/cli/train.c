/* sgan-cpu train: checks all that can be checked, makes the run's folder, trains. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/cli.h"
#include "src/cli/plan.h"
#include "src/cli/progress.h"
#include "src/cpu/status.h"
#include "src/io/run_record.h"
#include "src/sgan/model/modelfile.h"
#include "src/sgan/model/published.h"
#include "src/sgan/train/limits.h"
#include "src/sgan/model/requirements.h"
#include "src/sgan/train/train.h"

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
	"  --init FILE|RUN      the model for stages that are not run: a file, a run's folder, or a run below --runs\n"
	"  --encoder FILE.npz   an encoder in the authors' published form, instead of training one: its test accuracy\n"
	"                       is reported (--stage encoder: no more than that)\n"
	"  --seed N             of weights, shuffling and noise (the preset's: 1)\n"
	"  --set KEY=VALUE      any setting of the preset, such as joint.lr=2e-4; may be repeated\n"
	"  --resume latest|RUN  go on with a run below --runs, in its folder\n"
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
	{ "init", required_argument, NULL, INIT },
	{ "encoder", required_argument, NULL, ENCODER },
	{ "seed", required_argument, NULL, SEED },
	{ "resume", required_argument, NULL, RESUME },
	{ "set", required_argument, NULL, SET },
	{ "dry-run", no_argument, NULL, DRY_RUN },
	{ "quiet", no_argument, NULL, QUIET },
	{ NULL, 0, NULL, 0 },
};

/* --stage, --epochs, --steps and --seed as settings, in this order and before those of --set. */
enum {
	OWN_STAGE,
	OWN_EPOCHS,
	OWN_STEPS = OWN_EPOCHS + SGAN_STAGE_COUNT,
	OWN_SEED = OWN_STEPS + SGAN_STAGE_COUNT,
	OWN_COUNT
};

struct train {
	const char *preset_name, *data_name, *out, *init_name, *encoder, *resume;
	const char *changes; /* an option that a resumed run cannot take, NULL: none was given */
	struct cli_machine machine;
	uint64_t stop_after;
	bool dry_run, quiet;
	char own[OWN_COUNT][48];
	const char **sets; /* of --set */
	size_t set_count;

	sgan_ctx *ctx;
	struct sgan_preset *preset;
	struct sgan_dataset data;
	char run[SGAN_PATH];
	char init[SGAN_PATH];  /* a model file, "": none */
	enum sgan_stage stage; /* that is next; SGAN_STAGE_COUNT: the run is finished */
	size_t step;           /* of that stage */
};

static bool take_stage(struct train *train, const char *text)
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
static bool take_limit(struct train *train, const char *option, const char *key, uint64_t max, size_t first)
{
	uint64_t limit;
	if (!cli_number(option, optarg, 1, max, &limit))
		return false;
	for (unsigned stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		snprintf(train->own[first + stage], sizeof train->own[0], "%s.%s=%llu", sgan_stage_name(stage), key,
		         (unsigned long long)limit);
	return true;
}

static bool take_seed(struct train *train)
{
	uint64_t seed;
	if (!cli_seed(optarg, &seed))
		return false;
	snprintf(train->own[OWN_SEED], sizeof train->own[0], "seed=%llu", (unsigned long long)seed);
	return true;
}

/* Options that say what is trained. */
static bool take_setting(struct train *train, int option)
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
		train->changes = "--epochs";
		return take_limit(train, "--epochs", "epochs", 1000000, OWN_EPOCHS);
	case STEPS:
		train->changes = "--steps";
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

static bool take(struct train *train, int option)
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

/* Loads the preset with what the options set; --epochs and --steps for so many stages. */
static sgan_status load_with(struct train *train, size_t stages, struct sgan_preset **preset)
{
	const char **settings = calloc(OWN_COUNT + train->set_count, sizeof *settings);
	size_t count = 0;
	if (!settings)
		return sgan_fail(SGAN_ENOMEM, "no memory for settings");
	for (size_t i = 0; i < OWN_COUNT; i++) {
		const bool limit = i >= OWN_EPOCHS && i < OWN_SEED;
		if (train->own[i][0] && (!limit || (i - OWN_EPOCHS) % SGAN_STAGE_COUNT < stages))
			settings[count++] = train->own[i];
	}
	for (size_t i = 0; i < train->set_count; i++)
		settings[count++] = train->sets[i];
	sgan_status status =
		sgan_preset_load(train->preset_name ? train->preset_name : "mnist", settings, count, preset);
	free(settings);
	return status;
}

/* Limits are for the stages that there are: without stacks the encoder's alone, which the preset tells. */
static sgan_status load_preset(struct train *train)
{
	SGAN_TRY(load_with(train, 0, &train->preset));
	if (!train->own[OWN_EPOCHS][0] && !train->own[OWN_STEPS][0])
		return SGAN_OK;
	const size_t stages = sgan_preset_stages(train->preset);
	sgan_preset_free(train->preset);
	train->preset = NULL;
	return load_with(train, stages, &train->preset);
}

static sgan_status open_data(struct train *train, const char *spec)
{
	const bool labels = sgan_preset_reads_labels(train->preset);
	SGAN_TRY(sgan_dataset_open(spec, labels ? train->preset->classes : 0, &train->data));
	SGAN_TRY(sgan_labels_fit(train->preset, &train->data));
	SGAN_TRY(sgan_preset_settle(&train->preset, train->data.no_labels ? 1 : train->data.classes)); /* 1: not read */
	return sgan_data_fits(train->preset, &train->data);
}

/* The encoder is given: its stage is not run. */
static sgan_status find_encoder(struct train *train)
{
	const enum sgan_stage first = sgan_first_stage(train->preset), last = sgan_last_stage(train->preset);
	if (train->init_name)
		return sgan_fail(SGAN_EINVAL, "--encoder %.200s: the encoder comes from --init already", train->encoder);
	if (first > SGAN_STAGE_INDEPENDENT)
		return sgan_fail(SGAN_EINVAL, "--encoder %.200s: stage '%s' starts from a whole model, which --init names",
		                 train->encoder, train->preset->stage);
	train->stage = last == SGAN_STAGE_ENCODER ? SGAN_STAGE_COUNT : SGAN_STAGE_INDEPENDENT;
	return SGAN_OK;
}

/* Finds the model that the stages before the first one come from. */
static sgan_status find_init(struct train *train)
{
	enum sgan_stage first = train->stage = sgan_first_stage(train->preset);
	if (first == SGAN_STAGE_ENCODER)
		return train->init_name
		           ? sgan_fail(SGAN_EINVAL, "--init %.200s: stage '%s' starts from nothing and takes no model",
		                       train->init_name, train->preset->stage)
		           : SGAN_OK;
	if (!train->init_name && sgan_starts_from_nothing(train->preset))
		return SGAN_OK;
	if (!train->init_name)
		return sgan_fail(SGAN_EINVAL, "stage '%s' needs --init FILE|RUN: a model that has been through stage '%s'",
		                 train->preset->stage, sgan_stage_name(first - 1));
	SGAN_TRY(sgan_model_file(train->out, train->init_name, first, train->init));
	return sgan_init_fits(train->init, train->preset, first);
}

static sgan_status prepare_new(struct train *train)
{
	SGAN_TRY(load_preset(train));
	SGAN_TRY(train->encoder ? find_encoder(train) : find_init(train));
	SGAN_TRY(open_data(train, train->data_name)); /* which may settle what networks the preset has */
	return train->encoder ? sgan_published_encoder_fits(train->ctx, train->encoder, train->preset) : SGAN_OK;
}

/* Where a run stands by its checkpoint. */
static sgan_status find_stage(struct train *train, const char *checkpoint)
{
	struct sgan_model_info info;
	SGAN_TRY(sgan_model_describe(checkpoint, &info));
	train->step = info.step;
	train->stage = SGAN_STAGE_ENCODER;
	while (train->stage < SGAN_STAGE_COUNT && strcmp(info.stage, sgan_stage_name(train->stage)) != 0)
		train->stage++;
	return SGAN_OK;
}

static sgan_status prepare_resumed(struct train *train)
{
	char checkpoint[SGAN_PATH], recorded[SGAN_PATH];
	SGAN_TRY(sgan_run_find(train->out, train->resume, train->run));
	SGAN_TRY(sgan_model_file(train->out, train->run, SGAN_STAGE_COUNT, checkpoint));
	SGAN_TRY(sgan_model_preset(checkpoint, &train->preset));
	SGAN_TRY(find_stage(train, checkpoint));
	if (train->data_name)
		return open_data(train, train->data_name);
	sgan_status status = sgan_run_record_data(train->run, recorded);
	if (status != SGAN_OK)
		return sgan_fail(status, "%s; give --data", sgan_last_error());
	return open_data(train, recorded);
}

static sgan_status train_in_run(struct train *train)
{
	struct cli_progress progress;
	cli_progress_begin(&progress, train->quiet);
	struct sgan_train_options call = {
		.preset = train->preset,
		.data = &train->data,
		.run = train->run,
		.init = train->init[0] ? train->init : NULL,
		.encoder = train->encoder,
		.resume = train->resume != NULL,
		.stop_after = (size_t)train->stop_after,
		.save = &cli_save,
		.stop = &cli_stop,
		.progress = cli_progress_show,
		.arg = &progress,
	};
	sgan_status status = sgan_train(train->ctx, &call);
	cli_progress_end(&progress);
	return status;
}

static sgan_status run_new(struct train *train)
{
	SGAN_TRY(sgan_run_create(train->out, train->preset->name, train->data.name, train->run));
	const struct sgan_run_record record = {
		.config = train->preset->text,
		.isa = sgan_isa_name(sgan_ctx_isa(train->ctx)),
		.preset = train->preset->name,
		.dataset = train->data.name,
		.data = train->data.path,
	};
	sgan_status status = sgan_run_record_write(train->run, &record);
	if (status == SGAN_OK)
		status = train_in_run(train);
	if (status != SGAN_OK)
		sgan_run_record_discard(train->run);
	return status;
}

static sgan_status go_on(struct train *train)
{
	if (train->stage < SGAN_STAGE_COUNT)
		return train_in_run(train);
	if (!train->quiet)
		cli_error(CLI_DONE, "%s: the run is finished already", train->run);
	return SGAN_OK;
}

static sgan_status print_plan(struct train *train)
{
	if (!train->resume)
		SGAN_TRY(sgan_run_next(train->out, train->preset->name, train->data.name, train->run));
	const struct cli_plan plan = {
		.preset = train->preset,
		.data = &train->data,
		.run = train->run,
		.init = train->init[0] ? train->init : NULL,
		.encoder = train->encoder,
		.stage = train->stage,
		.step = train->step,
		.resumed = train->resume != NULL,
	};
	return cli_plan_print(&plan, train->ctx);
}

static sgan_status run(struct train *train)
{
	SGAN_TRY(cli_context(&train->machine, &train->ctx));
	SGAN_TRY(train->resume ? prepare_resumed(train) : prepare_new(train));
	if (train->dry_run)
		return print_plan(train);
	if (cli_stop)
		return sgan_fail(SGAN_EINTERRUPTED, "stopped before training began");
	SGAN_TRY(train->resume ? go_on(train) : run_new(train));
	printf("%s\n", train->run);
	return SGAN_OK;
}

/* The exit code, after an error line that says what can be done next. */
static int report(const struct train *train, sgan_status status)
{
	if (status == SGAN_EINTERRUPTED && cli_stop == SIGPIPE)
		return CLI_SIGNAL + SIGPIPE; /* nobody listens */
	if (status == SGAN_EINTERRUPTED && train->run[0])
		sgan_fail(status, "%s; to go on: sgan-cpu train --resume %s", sgan_last_error(), train->run);
	if (status == SGAN_EDIVERGED && train->run[0])
		sgan_fail_in(status, "%s", train->run);
	return cli_status(status);
}

static int parse(int argc, char **argv, struct train *train)
{
	int option;
	while ((option = cli_option(argc, argv, options)) != CLI_END) {
		if (option == CLI_HELP) {
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

int cli_train(int argc, char **argv)
{
	struct train train = { .out = CLI_RUNS };
	train.sets = calloc((size_t)argc, sizeof *train.sets);
	if (!train.sets)
		return cli_error(CLI_FAILED, "no memory for settings");
	int code = parse(argc, argv, &train);
	if (code == CLI_DONE) {
		cli_catch_signals();
		code = report(&train, run(&train));
	}
	sgan_dataset_free(&train.data);
	sgan_preset_free(train.preset);
	sgan_ctx_destroy(train.ctx);
	free(train.sets);
	return code == CLI_HELP ? CLI_DONE : code;
}
