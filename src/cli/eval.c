/* sgan-cpu eval: how good a model's samples are, by a classifier and by their pixels. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/cli.h"
#include "src/cli/scores.h"
#include "src/cpu/status.h"
#include "src/io/file.h"
#include "src/io/run.h"
#include "src/sgan/eval/evaluate.h"
#include "src/sgan/model/modelfile.h"
#include "src/sgan/sample/generators.h"

static const char help[] =
	"usage: sgan-cpu eval --model FILE|RUN --data NAME|PATH --classifier FILE|RUN [options]\n"
	"\n"
	"  --model FILE|RUN       whose samples: a model file, a run's folder, or a run below --runs: its name,\n"
	"                         its number or latest\n"
	"  --runs DIR             where runs are kept (runs)\n"
	"  --data NAME|PATH       the real images, as for train\n"
	"  --classifier FILE|RUN  who judges: a model of a preset such as classifier-mnist, trained on these data\n"
	"  --count N              samples to draw (50000)\n"
	"  --seed N               of their noise (1)\n"
	"  --out FILE             where the scores go, as JSON (beside the model file: eval.json of a run's\n"
	"                         checkpoint, eval-NAME.json of NAME.safetensors)\n"
	"  --threads N            (as many as this process may use)\n"
	"  --isa NAME             generic, avx2, avx512 or neon (the best here)\n"
	"  --bind WHAT            threads to the CPUs of their NUMA node, each to a core, or not at all: node, core,\n"
	"                         none (node; on a machine of one node, none)\n"
	"\n"
	"Prints a table: of samples and, as the bound, of the test images in their place. Scores of different\n"
	"classifiers do not compare; each is named by its preset and a hash of its weights. Warns at the end of a\n"
	"classifier that guesses, that is the model's own encoder, or that was, as the model, trained on other data.\n";

enum { COUNT_MAX = 1000000 };

enum { MODEL = CLI_FIRST_OPTION, RUNS, DATA, CLASSIFIER, COUNT, SEED, OUT };

static const struct option options[] = {
	CLI_COMMON_OPTIONS,
	{ "model", required_argument, NULL, MODEL },
	{ "runs", required_argument, NULL, RUNS },
	{ "data", required_argument, NULL, DATA },
	{ "classifier", required_argument, NULL, CLASSIFIER },
	{ "count", required_argument, NULL, COUNT },
	{ "seed", required_argument, NULL, SEED },
	{ "out", required_argument, NULL, OUT },
	{ NULL, 0, NULL, 0 },
};

struct eval {
	const char *model, *runs, *data, *classifier, *out;
	uint64_t count, seed;
	struct cli_machine machine;
};

static bool take(struct eval *eval, int option)
{
	switch (option) {
	case MODEL:
		eval->model = optarg;
		return true;
	case RUNS:
		eval->runs = optarg;
		return true;
	case DATA:
		eval->data = optarg;
		return true;
	case CLASSIFIER:
		eval->classifier = optarg;
		return true;
	case COUNT:
		return cli_number("--count", optarg, SGAN_EVAL_FEWEST, COUNT_MAX, &eval->count);
	case SEED:
		return cli_seed(optarg, &eval->seed);
	case OUT:
		eval->out = optarg;
		return true;
	default:
		return cli_machine_option(option, &eval->machine);
	}
}

static int check(const struct eval *eval)
{
	if (!eval->model)
		return cli_error(CLI_USAGE, "eval: option --model is missing");
	if (!eval->data)
		return cli_error(CLI_USAGE, "eval: option --data is missing");
	if (!eval->classifier)
		return cli_error(CLI_USAGE, "eval: option --classifier is missing: a model that sgan-cpu train --preset "
		                            "classifier-mnist (or another such preset) made");
	return CLI_DONE;
}

static sgan_status choose_out(const struct eval *eval, const char *model, char out[SGAN_PATH])
{
	if (!eval->out)
		return sgan_evaluation_path(model, out);
	if (strlen(eval->out) >= SGAN_PATH)
		return sgan_fail(SGAN_EINVAL, "--out %.60s...: the path is too long", eval->out);
	strcpy(out, eval->out);
	return SGAN_OK;
}

static void tell(void *arg, const char *what)
{
	(void)arg;
	fprintf(stderr, "eval: %s\n", what);
}

struct opened {
	sgan_ctx *ctx;
	struct sgan_preset *preset;
	struct sgan_classifier classifier;
	struct sgan_dataset data;
	char model[SGAN_PATH], out[SGAN_PATH];
};

/* All that can be wrong with the options is found before any work is done. */
static sgan_status open_all(const struct eval *eval, struct opened *o)
{
	char classifier[SGAN_PATH];
	SGAN_TRY(cli_context(&eval->machine, &o->ctx));
	SGAN_TRY(sgan_model_file(eval->runs, eval->model, o->model));
	if (sgan_generators_published(o->model))
		return sgan_fail(SGAN_EINVAL, "%s: eval takes models of this program, which have E, D and Q beside generators",
		                 o->model);
	SGAN_TRY(choose_out(eval, o->model, o->out));
	SGAN_TRY(sgan_file_try(o->out));
	SGAN_TRY(sgan_model_file(eval->runs, eval->classifier, classifier));
	SGAN_TRY(sgan_model_preset(o->model, &o->preset));
	SGAN_TRY(sgan_classifier_open(o->ctx, classifier, &o->classifier));
	SGAN_TRY(sgan_dataset_open(eval->data, sgan_preset_reads_labels(o->preset) ? o->preset->classes : 0, &o->data));
	return sgan_eval_fits(o->preset, &o->classifier, &o->data);
}

static sgan_status evaluate(const struct eval *eval, const struct opened *o)
{
	struct sgan_evaluation evaluation;
	const struct sgan_eval_options call = {
		.model = o->model,
		.preset = o->preset,
		.classifier = &o->classifier,
		.data = &o->data,
		.count = (size_t)eval->count,
		.seed = eval->seed,
		.progress = isatty(STDERR_FILENO) ? tell : NULL,
	};
	SGAN_TRY(sgan_evaluate(o->ctx, &call, &evaluation));
	cli_scores_print(&evaluation); /* first, so that a full disk does not take them along */
	return sgan_evaluation_write(o->out, &evaluation);
}

static sgan_status run(const struct eval *eval)
{
	struct opened o = { .ctx = NULL };
	sgan_status status = open_all(eval, &o);
	if (status == SGAN_OK)
		status = evaluate(eval, &o);
	sgan_dataset_free(&o.data);
	sgan_classifier_close(&o.classifier);
	sgan_preset_free(o.preset);
	sgan_ctx_destroy(o.ctx);
	return status;
}

int cli_eval(int argc, char **argv)
{
	struct eval eval = { .runs = CLI_RUNS, .count = 50000, .seed = 1 };
	int option;
	while ((option = cli_option(argc, argv, options)) != CLI_END) {
		if (option == CLI_HELP) {
			fputs(help, stdout);
			return CLI_DONE;
		}
		if (option == CLI_BAD || !take(&eval, option))
			return CLI_USAGE;
	}
	int code = check(&eval);
	return code != CLI_DONE ? code : cli_status(run(&eval));
}
