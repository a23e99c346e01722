/* sgan-cpu data: what a dataset holds, in words and as a picture. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/cli/cli.h"
#include "src/cpu/status.h"
#include "src/data/dataset.h"
#include "src/sgan/train/pictures.h"

static const char help[] =
	"usage: sgan-cpu data [NAME|PATH] [--out FILE.png | --no-picture]\n"
	"\n"
	"Says what a dataset holds: its format, how many images, of what size, their mean, and the classes with\n"
	"their names, the numbers that the files have for them, and their images. Draws the first training images\n"
	"of each class as a row of a picture; of more than 32 classes, 32 evenly chosen.\n"
	"\n"
	"  NAME|PATH         as train's --data (fashion-mnist):\n"
	"                    fashion-mnist or mnist, below /usr/share/datasets;\n"
	"                    a folder with IDX files, gzipped or not, named as those of MNIST, Fashion-MNIST, KMNIST,\n"
	"                    EMNIST or QMNIST; DIR:SET is one of several sets there, such as DIR:emnist-letters;\n"
	"                    CIFAR-10's binary version: its folder or cifar-10-binary.tar.gz;\n"
	"                    a folder with SVHN's train_32x32.mat and test_32x32.mat;\n"
	"                    a folder with PNG or JPEG images of one size in train/CLASS and test/CLASS, or in CLASS:\n"
	"                    then every tenth of a class, by its name, is a test image;\n"
	"                    without labels: IDX images alone, images in train and test or in one folder\n"
	"  --out FILE.png    the picture (the dataset's name with .png, in the current folder, where that is not there "
	"yet)\n"
	"  --no-picture      words alone\n";

enum { OUT = CLI_FIRST_OPTION, NO_PICTURE };

static const struct option options[] = {
	{ "help", no_argument, NULL, CLI_HELP },
	{ "out", required_argument, NULL, OUT },
	{ "no-picture", no_argument, NULL, NO_PICTURE },
	{ NULL, 0, NULL, 0 },
};

static void count_classes(const struct sgan_split *split, size_t *counts)
{
	for (size_t i = 0; i < split->count; i++)
		counts[split->labels[i]]++;
}

static const char *count_text(size_t count, char text[24])
{
	if (count == 0)
		return "none";
	snprintf(text, 24, "%zu", count);
	return text;
}

static sgan_status print_classes(const struct sgan_dataset *data)
{
	if (data->no_labels) {
		cli_line("classes    none: no labels, %s is missing", data->no_labels);
		return SGAN_OK;
	}
	size_t *counts = calloc(data->classes, 2 * sizeof *counts);
	if (!counts)
		return sgan_fail(SGAN_ENOMEM, "no memory to count the images of %zu classes", data->classes);
	size_t *train = counts, *test = counts + data->classes;
	count_classes(&data->train, train);
	count_classes(&data->test, test);
	cli_line("classes    %zu", data->classes);
	cli_line("%7s %7s %9s %9s  %s", "class", "number", "training", "test", "name");
	for (size_t i = 0; i < data->classes; i++) {
		char of_train[24], of_test[24];
		cli_line("%7zu %7u %9s %9s  %s", i, (unsigned)data->class_info[i].number, count_text(train[i], of_train),
		         count_text(test[i], of_test), data->class_info[i].name);
	}
	free(counts);
	return SGAN_OK;
}

/* The mean of a channel of the training images, of pixels in [0, 1]. */
static double channel_mean(const struct sgan_dataset *data, size_t channel)
{
	const size_t pixels = data->train.count * data->height * data->width;
	uint64_t sum = 0;
	for (size_t i = 0; i < pixels; i++)
		sum += data->train.images[i * data->channels + channel];
	return (double)sum / (255.0 * (double)pixels);
}

static sgan_status print(const struct sgan_dataset *data)
{
	cli_line("data       %s", data->path);
	cli_line("name       %s", data->name);
	cli_line("format     %s", data->format);
	cli_line("images     %zu training, %zu test", data->train.count, data->test.count);
	cli_line("size       %zux%zux%zu", data->height, data->width, data->channels);
	if (data->channels == 3)
		cli_line("mean       %.4f red, %.4f green, %.4f blue", channel_mean(data, 0), channel_mean(data, 1),
		         channel_mean(data, 2));
	else
		cli_line("mean       %.4f", channel_mean(data, 0));
	return print_classes(data);
}

/* A name that nobody gave never takes the place of a file. */
static sgan_status draw(const struct sgan_dataset *data, const char *out)
{
	char name[SGAN_DATA_NAME + sizeof ".png"];
	struct stat there;
	snprintf(name, sizeof name, "%s.png", data->name);
	if (!out && lstat(name, &there) == 0) {
		cli_line("picture    %s was there already, and is as it was: --out %s would replace it", name, name);
		return SGAN_OK;
	}
	SGAN_TRY(sgan_preview_write(out ? out : name, data, !data->no_labels));
	cli_line("picture    %s", out ? out : name);
	return SGAN_OK;
}

static sgan_status show(const char *spec, const char *out, bool picture)
{
	struct sgan_dataset data;
	SGAN_TRY(sgan_dataset_open(spec, 0, &data));
	sgan_status status = print(&data);
	if (status == SGAN_OK && picture)
		status = draw(&data, out);
	sgan_dataset_free(&data);
	return status;
}

static bool is_png(const char *name)
{
	const size_t length = strlen(name);
	return length > 4 && strcmp(name + length - 4, ".png") == 0;
}

int cli_data(int argc, char **argv)
{
	const char *spec = NULL, *out = NULL;
	bool picture = true;
	for (;;) {
		spec = spec ? spec : cli_operand(argc, argv);
		switch (cli_option(argc, argv, options)) {
		case CLI_HELP:
			fputs(help, stdout);
			return CLI_DONE;
		case OUT:
			out = optarg;
			break;
		case NO_PICTURE:
			picture = false;
			break;
		case CLI_END:
			if (out && !is_png(out))
				return cli_error(CLI_USAGE, "--out is '%.200s', expected a name that ends in .png", out);
			if (out && !picture)
				return cli_error(CLI_USAGE, "--no-picture: --out names a picture");
			return cli_status(show(spec, out, picture));
		default:
			return CLI_USAGE;
		}
	}
}
