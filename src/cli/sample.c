/* sgan-cpu sample: what is asked for, checked against the model; sample_draw.c draws it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/cli.h"
#include "src/cli/list.h"
#include "src/cli/sample_draw.h"
#include "src/cpu/status.h"
#include "src/io/file.h"
#include "src/sgan/model/modelfile.h"
#include "src/sgan/model/published.h"
#include "src/sgan/sample/generators.h"
#include "src/sgan/train/pictures.h"

static const char help[] =
	"usage: sgan-cpu sample --model FILE|RUN --out FILE.png|FILE.npz [options]\n"
	"\n"
	"  --model FILE|RUN  a model file, a run's folder, or a run below --runs: its name, its number or latest;\n"
	"                    a generator in the authors' published form (.npz), with --preset\n"
	"  --runs DIR        where runs are kept (runs)\n"
	"  --preset NAME     the preset of a published generator, such as cifar10\n"
	"  --out FILE        .png: a grid of the images; .npz: arr_0 uint8 [N, H, W, C] and arr_1 labels\n"
	"  --count N         images of each seed (a row of each class; with several seeds one of each class)\n"
	"  --labels LIST     classes to draw, such as 3 or 0-4,7 (all), each as often as the others\n"
	"  --seed LIST       of the noise, such as 3 or 0-9,42: the images of each seed, one after the other (1)\n"
	"  --fix LEVELS      what each row of the grid has in common, such as h1 or y,z1: y is the label, z0, z1, ...\n"
	"                    the noise of each stack, h1, h2, ... the label and all noise above; the rest is fresh\n"
	"  --interpolate ZI  each row goes from one of two seeds (--seed 3,8) to the other at this level alone\n"
	"  --steps N         images of such a row (10)\n"
	"  --columns N       images of a row of the grid (10, or as many as a class or a seed has)\n"
	"  --nearest         beside each sample the training image nearest to it by pixels, and by the encoder's\n"
	"                    features; prints their numbers and distances, or puts them into the .npz\n"
	"  --data NAME|PATH  the training images for --nearest, as train takes them\n"
	"  --quiet           no progress\n"
	"  --threads N       (as many as this process may use)\n"
	"  --isa NAME        generic, avx2, avx512 or neon (the best here)\n"
	"  --bind WHAT       threads to the CPUs of their NUMA node, each to a core, or not at all: node, core,\n"
	"                    none (node; on a machine of one node, none)\n"
	"\n"
	"A grid has one row a class where the count is a multiple of the number of classes; of more than 100 it has\n"
	"100, evenly chosen, unless --count or --labels is given. In an .npz the classes take turns.\n";

enum { COUNT_MAX = 10000000, ROW_MAX = 500, ROW = 10, CLASSES_SHOWN = 100 };

struct sample {
	const char *model, *runs, *preset_name, *out, *labels_text, *seeds_text, *fix, *interpolate, *data_name;
	uint64_t count, steps, columns; /* 0: not given */
	bool nearest, quiet;
	struct cli_list labels, seeds;
	struct cli_machine machine;

	char path[SGAN_PATH]; /* the model's file */
	struct sgan_preset *preset;
	struct sgan_dataset data;
	struct sgan_variation variation;
	uint32_t classes[SGAN_CLASSES];
};

static bool ends_in(const char *text, const char *suffix)
{
	size_t length = strlen(text), tail = strlen(suffix);
	return length > tail && strcmp(text + length - tail, suffix) == 0;
}

static bool is_png(const struct sample *sample)
{
	return ends_in(sample->out, ".png");
}

static bool read_labels(struct sample *sample, const char *text)
{
	sample->labels_text = text;
	if (cli_list_read(text, SGAN_CLASSES - 1, &sample->labels))
		return true;
	cli_error(CLI_USAGE, "--labels is '%.80s', expected classes such as 3 or 0-4,7", text);
	return false;
}

static bool read_seeds(struct sample *sample, const char *text)
{
	sample->seeds_text = text;
	if (cli_list_read(text, INT64_MAX, &sample->seeds))
		return true;
	cli_error(CLI_USAGE, "--seed is '%.80s', expected seeds such as 3 or 0-9,42, at most %d of them", text, CLI_LIST);
	return false;
}

enum {
	MODEL = CLI_FIRST_OPTION,
	RUNS,
	PRESET,
	OUT,
	COUNT_OPTION,
	LABELS,
	SEED,
	FIX,
	INTERPOLATE,
	STEPS,
	COLUMNS,
	NEAREST,
	DATA,
	QUIET
};

static const struct option options[] = {
	CLI_COMMON_OPTIONS,
	{ "model", required_argument, NULL, MODEL },
	{ "runs", required_argument, NULL, RUNS },
	{ "preset", required_argument, NULL, PRESET },
	{ "out", required_argument, NULL, OUT },
	{ "count", required_argument, NULL, COUNT_OPTION },
	{ "labels", required_argument, NULL, LABELS },
	{ "seed", required_argument, NULL, SEED },
	{ "fix", required_argument, NULL, FIX },
	{ "interpolate", required_argument, NULL, INTERPOLATE },
	{ "steps", required_argument, NULL, STEPS },
	{ "columns", required_argument, NULL, COLUMNS },
	{ "nearest", no_argument, NULL, NEAREST },
	{ "data", required_argument, NULL, DATA },
	{ "quiet", no_argument, NULL, QUIET },
	{ NULL, 0, NULL, 0 },
};

/* Options that say what images there are. */
static bool take_images(struct sample *sample, int option)
{
	switch (option) {
	case COUNT_OPTION:
		return cli_number("--count", optarg, 1, COUNT_MAX, &sample->count);
	case LABELS:
		return read_labels(sample, optarg);
	case SEED:
		return read_seeds(sample, optarg);
	case FIX:
		sample->fix = optarg;
		return true;
	case INTERPOLATE:
		sample->interpolate = optarg;
		return true;
	case STEPS:
		return cli_number("--steps", optarg, 2, ROW_MAX, &sample->steps);
	case COLUMNS:
		return cli_number("--columns", optarg, 1, ROW_MAX, &sample->columns);
	default:
		return cli_machine_option(option, &sample->machine);
	}
}

static bool take(struct sample *sample, int option)
{
	switch (option) {
	case MODEL:
		sample->model = optarg;
		return true;
	case RUNS:
		sample->runs = optarg;
		return true;
	case PRESET:
		sample->preset_name = optarg;
		return true;
	case OUT:
		sample->out = optarg;
		return true;
	case NEAREST:
		return sample->nearest = true;
	case DATA:
		sample->data_name = optarg;
		return true;
	case QUIET:
		return sample->quiet = true;
	default:
		return take_images(sample, option);
	}
}

/* What can be said of the options without the model. */
static int check(const struct sample *s)
{
	if (!s->model)
		return cli_error(CLI_USAGE, "sample: option --model is missing");
	if (!s->out)
		return cli_error(CLI_USAGE, "sample: option --out is missing");
	if (!is_png(s) && !ends_in(s->out, ".npz"))
		return cli_error(CLI_USAGE, "--out is '%.200s', expected a name that ends in .png or .npz", s->out);
	if (s->interpolate && s->seeds.count != 2)
		return cli_error(CLI_USAGE,
		                 "--interpolate goes from one seed to another: --seed is '%.80s', expected two, as 3,8",
		                 s->seeds_text ? s->seeds_text : "");
	if (s->interpolate && s->fix)
		return cli_error(CLI_USAGE, "--fix: --interpolate fixes all but its own level by itself");
	if (s->interpolate && s->columns)
		return cli_error(CLI_USAGE, "--columns: with --interpolate a row has its --steps");
	if (s->steps && !s->interpolate)
		return cli_error(CLI_USAGE, "--steps belongs to --interpolate, which is not given");
	if (s->nearest != (s->data_name != NULL))
		return cli_error(CLI_USAGE, s->nearest ? "--nearest needs --data, the images that the model was trained on"
		                                       : "--data belongs to --nearest, which is not given");
	return CLI_DONE;
}

/* --- the model --------------------------------------------------------------- */

/* A file of generators alone has no data beside it that would say how many classes there are. */
static sgan_status load_published_preset(struct sample *s)
{
	size_t classes;
	SGAN_TRY(sgan_preset_load(s->preset_name, NULL, 0, &s->preset));
	if (s->preset->stack_count == 0 || s->preset->classes > 0)
		return SGAN_OK;
	SGAN_TRY(sgan_published_classes(s->path, s->preset, &classes));
	return sgan_preset_settle(&s->preset, classes);
}

/* There is none where no stage of the run needed it. */
static sgan_status check_encoder(const char *path)
{
	struct sgan_model_info info;
	SGAN_TRY(sgan_model_describe(path, &info));
	return info.trained[SGAN_STAGE_ENCODER]
	           ? SGAN_OK
	           : sgan_fail(SGAN_EINVAL, "--nearest: %s has no trained encoder to compare images by", path);
}

static sgan_status find_model(struct sample *s)
{
	SGAN_TRY(sgan_model_file(s->runs, s->model, s->path));
	const bool published = sgan_generators_published(s->path);
	if (published && !s->preset_name)
		return sgan_fail(SGAN_EINVAL, "%s: a published generator does not say its networks: --preset is missing",
		                 s->path);
	if (!published && s->preset_name)
		return sgan_fail(SGAN_EINVAL, "--preset is '%.80s': %s has a preset of its own", s->preset_name, s->path);
	if (published && s->nearest)
		return sgan_fail(SGAN_EINVAL, "--nearest: %s has no encoder to compare images by", s->path);
	SGAN_TRY(published ? load_published_preset(s) : sgan_model_preset(s->path, &s->preset));
	if (s->nearest)
		SGAN_TRY(check_encoder(s->path));
	if (s->preset->stack_count == 0)
		return sgan_fail(SGAN_EINVAL, "preset %s has no stacks, only an encoder: there is nothing to sample",
		                 s->preset->name);
	return SGAN_OK;
}

/* --- what is drawn ------------------------------------------------------------- */

static sgan_status choose_classes(struct sample *s)
{
	struct sgan_variation *v = &s->variation;
	v->classes = s->classes;
	if (!sgan_preset_labelled(s->preset))
		return s->labels_text ? sgan_fail(SGAN_EINVAL, "--labels is '%.80s': the model takes no label", s->labels_text)
		                      : SGAN_OK;
	const size_t classes = s->preset->classes;
	const bool too_many = classes > CLASSES_SHOWN && is_png(s) && !s->count; /* for a row of each */
	v->class_count = s->labels.count > 0 ? s->labels.count : too_many ? CLASSES_SHOWN : classes;
	for (size_t i = 0; i < v->class_count; i++) {
		s->classes[i] =
			(uint32_t)(s->labels.count > 0 ? s->labels.values[i] : sgan_spread_class(classes, v->class_count, i));
		if (s->classes[i] >= classes)
			return sgan_fail(SGAN_EINVAL, "--labels is '%.80s', the model has classes 0 to %zu", s->labels_text,
			                 classes - 1);
	}
	return SGAN_OK;
}

/* Rows that have levels in common: of a class each; where they have not the label in common, a column of a class each. */
static sgan_status choose_held(struct sample *s)
{
	struct sgan_variation *v = &s->variation;
	sgan_status status = sgan_variation_hold(s->fix, v->stack_count, v->class_count > 0, &v->held);
	if (status != SGAN_OK)
		return sgan_fail_in(status, "--fix");
	if (!s->columns && !v->held.label && v->class_count > 0)
		v->columns = v->class_count;
	return SGAN_OK;
}

/* Rows of images that share something, or between two seeds. */
static sgan_status choose_rows(struct sample *s)
{
	struct sgan_variation *v = &s->variation;
	v->columns = s->columns ? (size_t)s->columns : ROW;
	v->interpolated = -1;
	if (s->fix)
		return choose_held(s);
	if (!s->interpolate)
		return SGAN_OK;
	v->columns = s->steps ? (size_t)s->steps : ROW;
	sgan_status status = sgan_variation_level(s->interpolate, v->stack_count, &v->interpolated);
	if (status != SGAN_OK)
		return sgan_fail_in(status, "--interpolate");
	if (s->count % v->columns != 0)
		return sgan_fail(SGAN_EINVAL, "--count is %zu, expected a multiple of the %zu images of a row (--steps)",
		                 (size_t)s->count, v->columns);
	return SGAN_OK;
}

/* A row of each class; ROW rows where a row has all classes, or the model none. */
static sgan_status choose_count(struct sample *s)
{
	struct sgan_variation *v = &s->variation;
	const size_t kinds = v->class_count > 0 ? v->class_count : ROW;
	const bool all_in_a_row = s->fix && !v->held.label;
	if (s->count)
		v->count = (size_t)s->count;
	else if (v->seed_count > 1 && !s->fix && !s->interpolate)
		v->count = kinds;
	else
		v->count = (all_in_a_row ? ROW : kinds) * v->columns;
	if (v->interpolated < 0 && v->count > COUNT_MAX / v->seed_count)
		return sgan_fail(SGAN_EINVAL, "%zu images of %zu seeds are more than %d", v->count, v->seed_count, COUNT_MAX);
	return SGAN_OK;
}

static sgan_status choose(struct sample *s)
{
	struct sgan_variation *v = &s->variation;
	v->stack_count = s->preset->stack_count;
	v->seeds = s->seeds.values;
	v->seed_count = s->seeds.count;
	SGAN_TRY(choose_classes(s));
	SGAN_TRY(choose_rows(s));
	return choose_count(s);
}

/* Samples of a picture's row: those that share something, a seed's, or a class's. */
static size_t picture_columns(const struct sample *s)
{
	const struct sgan_variation *v = &s->variation;
	if (s->columns || s->fix || s->interpolate)
		return v->columns;
	if (v->seed_count > 1)
		return v->count <= ROW_MAX ? v->count : ROW;
	const size_t a_class = v->class_count > 1 ? sgan_variation_a_class(v) : 0;
	return a_class > 0 && a_class <= ROW_MAX ? a_class : ROW;
}

static sgan_status draw(sgan_ctx *ctx, struct sample *s)
{
	SGAN_TRY(sgan_file_try(s->out)); /* ahead of all that takes time */
	SGAN_TRY(find_model(s));
	SGAN_TRY(choose(s));
	if (s->nearest)
		SGAN_TRY(sgan_dataset_open(s->data_name, 0, &s->data));
	return cli_draw(ctx, &(struct cli_drawing){ .preset = s->preset,
	                                            .model = s->path,
	                                            .variation = &s->variation,
	                                            .data = s->nearest ? &s->data : NULL,
	                                            .out = s->out,
	                                            .png = is_png(s),
	                                            .quiet = s->quiet,
	                                            .columns = picture_columns(s) });
}

static int run(struct sample *s)
{
	sgan_ctx *ctx = NULL;
	sgan_status status = cli_context(&s->machine, &ctx);
	if (status == SGAN_OK)
		status = draw(ctx, s);
	const int code = cli_status(status);
	sgan_dataset_free(&s->data);
	sgan_preset_free(s->preset);
	sgan_ctx_destroy(ctx);
	return code;
}

static int parse(int argc, char **argv, struct sample *s)
{
	int option;
	s->runs = CLI_RUNS;
	s->seeds.count = s->seeds.values[0] = 1;
	while ((option = cli_option(argc, argv, options)) != CLI_END) {
		if (option == CLI_HELP) {
			fputs(help, stdout);
			return CLI_HELP;
		}
		if (option == CLI_BAD || !take(s, option))
			return CLI_USAGE;
	}
	return check(s);
}

int cli_sample(int argc, char **argv)
{
	struct sample *sample = calloc(1, sizeof *sample);
	if (!sample)
		return cli_error(CLI_FAILED, "sample: no memory");
	int code = parse(argc, argv, sample);
	if (code == CLI_DONE)
		code = run(sample);
	free(sample);
	return code == CLI_HELP ? CLI_DONE : code;
}
