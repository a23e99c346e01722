/* sgan-cpu sample: images from a trained model, as a PNG grid or an .npz of arrays. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/cli.h"
#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/io/image.h"
#include "src/io/run.h"
#include "src/sgan/model/modelfile.h"
#include "src/sgan/sample/sample.h"

static const char help[] =
	"usage: sgan-cpu sample --model FILE|RUN --out FILE.png|FILE.npz [options]\n"
	"\n"
	"  --model FILE|RUN  a model file, a run's folder, or a run below ./runs: its name, its number or latest\n"
	"  --out FILE        .png: a grid of the images; .npz: arr_0 uint8 [N, H, W, C] and arr_1 labels\n"
	"  --count N         images to draw (100)\n"
	"  --labels LIST     classes to draw, such as 3 or 0-4,7 (all), each as often as the others\n"
	"  --seed N          of the noise (1)\n"
	"  --threads N       (as many as this process may use)\n"
	"  --isa NAME        generic, avx2, avx512 or neon (the best here)\n"
	"\n"
	"A grid has one row a class where the count is a multiple of the number of classes.\n";

enum { COUNT_MAX = 10000000, ROW_MAX = 500, ROW = 10 };
static const size_t bytes_max = (size_t)1 << 31;

struct sample {
	const char *model, *out, *labels_text;
	uint64_t count, seed;
	struct cli_machine machine;
	bool png;
	size_t class_count; /* 0: all of the model's */
	uint32_t classes[SGAN_CLASSES];
};

static bool ends_in(const char *text, const char *suffix)
{
	size_t length = strlen(text), tail = strlen(suffix);
	return length > tail && strcmp(text + length - tail, suffix) == 0;
}

/* A number below SGAN_CLASSES at *text, which is moved behind it. */
static bool read_class(const char **text, unsigned *class)
{
	size_t digits = strspn(*text, "0123456789");
	if (digits == 0 || digits > 5)
		return false;
	*class = (unsigned)strtoul(*text, NULL, 10);
	*text += digits;
	return *class < SGAN_CLASSES;
}

static bool add_range(struct sample *sample, unsigned first, unsigned last)
{
	if (first > last || sample->class_count + (last - first) >= SGAN_CLASSES)
		return false;
	for (unsigned class = first; class <= last; class ++)
		sample->classes[sample->class_count++] = class;
	return true;
}

static bool read_labels(struct sample *sample)
{
	const char *text = sample->labels_text;
	bool good = true;
	for (;;) {
		unsigned first = 0, last = 0;
		good = read_class(&text, &first);
		last = first;
		if (good && *text == '-') {
			text++;
			good = read_class(&text, &last);
		}
		good = good && add_range(sample, first, last) && (*text == ',' || *text == '\0');
		if (!good || *text == '\0')
			break;
		text++;
	}
	if (!good)
		cli_error(CLI_USAGE, "--labels is '%.80s', expected classes such as 3 or 0-4,7", sample->labels_text);
	return good;
}

enum { MODEL = CLI_FIRST_OPTION, OUT, COUNT, LABELS, SEED };

static const struct option options[] = {
	CLI_COMMON_OPTIONS,
	{ "model", required_argument, NULL, MODEL },
	{ "out", required_argument, NULL, OUT },
	{ "count", required_argument, NULL, COUNT },
	{ "labels", required_argument, NULL, LABELS },
	{ "seed", required_argument, NULL, SEED },
	{ NULL, 0, NULL, 0 },
};

static bool take(struct sample *sample, int option)
{
	switch (option) {
	case MODEL:
		sample->model = optarg;
		return true;
	case OUT:
		sample->out = optarg;
		return true;
	case COUNT:
		return cli_number("--count", optarg, 1, COUNT_MAX, &sample->count);
	case LABELS:
		sample->labels_text = optarg;
		sample->class_count = 0;
		return read_labels(sample);
	case SEED:
		return cli_seed(optarg, &sample->seed);
	default:
		return cli_machine_option(option, &sample->machine);
	}
}

static int check(struct sample *sample)
{
	if (!sample->model)
		return cli_error(CLI_USAGE, "sample: option --model is missing");
	if (!sample->out)
		return cli_error(CLI_USAGE, "sample: option --out is missing");
	sample->png = ends_in(sample->out, ".png");
	if (!sample->png && !ends_in(sample->out, ".npz"))
		return cli_error(CLI_USAGE, "--out is '%.200s', expected a name that ends in .png or .npz", sample->out);
	return CLI_DONE;
}

static sgan_status check_classes(struct sample *sample, const struct sgan_preset *preset)
{
	if (sample->labels_text != NULL && !sgan_preset_labelled(preset))
		return sgan_fail(SGAN_EINVAL, "--labels is '%.80s': the model takes no label", sample->labels_text);
	for (size_t i = 0; i < sample->class_count; i++)
		if (sample->classes[i] >= preset->classes)
			return sgan_fail(SGAN_EINVAL, "--labels is '%.80s', the model has classes 0 to %zu", sample->labels_text,
			                 preset->classes - 1);
	if (sample->class_count == 0) {
		sample->class_count = preset->classes;
		for (size_t i = 0; i < preset->classes; i++)
			sample->classes[i] = (uint32_t)i;
	}
	return SGAN_OK;
}

/* Images of one class in a row of the grid; 0: the classes take turns. */
static size_t images_a_class(const struct sample *sample)
{
	bool whole = sample->count % sample->class_count == 0;
	return whole && sample->count / sample->class_count <= ROW_MAX ? sample->count / sample->class_count : 0;
}

static void choose_labels(const struct sample *sample, uint32_t *labels)
{
	size_t columns = images_a_class(sample);
	for (size_t i = 0; i < sample->count; i++)
		labels[i] = sample->classes[columns ? i / columns : i % sample->class_count];
}

static sgan_status write_images(const struct sample *sample, const struct sgan_images *images, const uint32_t *labels)
{
	if (!sample->png)
		return sgan_npz_write(sample->out, images, labels);
	size_t columns = sample->class_count > 1 ? images_a_class(sample) : 0;
	return sgan_png_grid_write(sample->out, images, columns ? columns : ROW);
}

static sgan_status draw_with(sgan_ctx *ctx, const struct sample *sample, const char *path,
                             const struct sgan_preset *preset)
{
	size_t size = preset->height * preset->width * preset->channels; /* the preset's checks bound each */
	if (sample->count > bytes_max / size)
		return sgan_fail(SGAN_EINVAL, "--count is %zu, at most %zu images of %zux%zux%zu fit a file",
		                 (size_t)sample->count, bytes_max / size, preset->height, preset->width, preset->channels);
	uint32_t *labels = sgan_alloc(sample->count, sizeof *labels);
	uint8_t *pixels = sgan_alloc(sample->count, size);
	sgan_status status = labels && pixels ? SGAN_OK : SGAN_ENOMEM;
	if (status == SGAN_OK) {
		choose_labels(sample, labels);
		status = sgan_sample(ctx, path, preset, sample->count, labels, sample->seed, pixels);
	}
	if (status == SGAN_OK) {
		struct sgan_images images = { sample->count, preset->height, preset->width, preset->channels, pixels };
		status = write_images(sample, &images, labels);
	}
	sgan_free(labels);
	sgan_free(pixels);
	return status;
}

static sgan_status draw(struct sample *sample)
{
	char path[SGAN_PATH];
	struct sgan_preset *preset = NULL;
	sgan_ctx *ctx = NULL;
	SGAN_TRY(cli_context(&sample->machine, &ctx));
	sgan_status status = sgan_model_file("runs", sample->model, SGAN_STAGE_COUNT, path);
	if (status == SGAN_OK)
		status = sgan_model_preset(path, &preset);
	if (status == SGAN_OK)
		status = check_classes(sample, preset);
	if (status == SGAN_OK)
		status = draw_with(ctx, sample, path, preset);
	sgan_preset_free(preset);
	sgan_ctx_destroy(ctx);
	return status;
}

int cli_sample(int argc, char **argv)
{
	struct sample sample = { .count = 100, .seed = 1 };
	int option;
	while ((option = cli_option(argc, argv, options)) != CLI_END) {
		if (option == CLI_HELP) {
			fputs(help, stdout);
			return CLI_DONE;
		}
		if (option == CLI_BAD || !take(&sample, option))
			return CLI_USAGE;
	}
	int code = check(&sample);
	return code != CLI_DONE ? code : cli_status(draw(&sample));
}
