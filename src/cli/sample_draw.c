/* Images from a model into a file, a batch at a time: an .npz is written as they come, a picture at the end.
 *
 * Knows what is to be drawn, not how it was asked for. */
#include "src/cli/sample_draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/cli.h"
#include "src/cli/progress.h"
#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/io/image.h"
#include "src/io/npz.h"
#include "src/sgan/model/encoding.h"
#include "src/sgan/model/streams.h"
#include "src/sgan/sample/generators.h"
#include "src/sgan/sample/nearest.h"
#include "src/sgan/sample/sampler.h"

enum { BATCH = 100 };

/* A drawing at work. */
struct work {
	sgan_ctx *ctx;
	const struct cli_drawing *drawing;
	size_t total, size; /* images; bytes of one */
	size_t cells;       /* images of a picture for each sample */
	struct sgan_model *model;
	struct sgan_sampler *sampler;
	struct sgan_nearest *nearest;                /* or NULL */
	struct sgan_image_source *sources;           /* [BATCH] */
	uint8_t *batch;                              /* [BATCH, size] */
	struct sgan_neighbour (*found)[SGAN_SPACES]; /* [total], by place; NULL without nearest */
	uint8_t *cell_pixels;                        /* [total, cells, size] of a picture, or NULL */
	struct sgan_npz_writer *npz;                 /* or NULL */
	struct cli_progress progress;
};

static bool has_labels(const struct work *w)
{
	return w->drawing->variation->class_count > 0;
}

static struct sgan_images picture_of(const struct work *w)
{
	const struct sgan_preset *p = w->drawing->preset;
	return (struct sgan_images){ w->total * w->cells, p->height, p->width, p->channels, w->cell_pixels };
}

static sgan_status make_room(struct work *w)
{
	w->sources = sgan_alloc(BATCH, sizeof *w->sources);
	w->batch = sgan_alloc(BATCH, w->size);
	if (w->drawing->data != NULL)
		w->found = sgan_alloc(w->total, sizeof *w->found);
	if (w->drawing->png) {
		const struct sgan_images images = picture_of(w);
		SGAN_TRY(sgan_png_grid_check(w->drawing->out, &images, w->drawing->columns * w->cells));
		w->cell_pixels = sgan_alloc(w->total, w->cells * w->size);
	}
	const bool made = w->sources != NULL && w->batch != NULL && (w->found != NULL) == (w->drawing->data != NULL) &&
	                  (w->cell_pixels != NULL) == w->drawing->png;
	return made ? SGAN_OK : SGAN_ENOMEM;
}

static sgan_status load(struct work *w)
{
	const struct cli_drawing *d = w->drawing;
	/* By the same plans whatever the total, so that an image has the same bits. */
	SGAN_TRY(sgan_generators_load(w->ctx, d->model, d->preset, BATCH, &w->model));
	if (d->data != NULL) {
		cli_progress_tell(&w->progress, "features of training images");
		SGAN_TRY(sgan_nearest_create(w->ctx, w->model, d->data, &w->nearest));
	}
	return sgan_sampler_create(w->ctx, w->model, &w->sampler);
}

/* arr_0, the images: what GAN evaluation tools read first. */
static sgan_status begin_npz(struct work *w)
{
	const struct sgan_preset *p = w->drawing->preset;
	const size_t shape[4] = { w->total, p->height, p->width, p->channels };
	SGAN_TRY(sgan_npz_create(w->drawing->out, &w->npz));
	return sgan_npz_array(w->npz, "arr_0", SGAN_NPY_U8, 4, shape);
}

/* A sample and, where they are wanted, its nearest training images side by side. */
static void place_cells(struct work *w, size_t k, const uint8_t *image)
{
	uint8_t *cell = w->cell_pixels + k * w->cells * w->size;
	memcpy(cell, image, w->size);
	for (size_t space = 0; space + 1 < w->cells; space++)
		memcpy(cell + (space + 1) * w->size, w->drawing->data->train.images + w->found[k][space].index * w->size,
		       w->size);
}

/* The number of what is drawn at a place: a picture's are sorted by class, arrays have images as they are numbered. */
static size_t image_at(const struct work *w, size_t place)
{
	return w->drawing->png ? sgan_variation_shown(w->drawing->variation, place) : place;
}

static sgan_status draw_batch(struct work *w, size_t first, size_t n)
{
	for (size_t k = 0; k < n; k++)
		sgan_variation_source(w->drawing->variation, image_at(w, first + k), &w->sources[k]);
	SGAN_TRY(sgan_sampler_draw_from(w->sampler, sgan_stream(SGAN_RANDOM_SAMPLE, 0, 0), n, w->sources, w->batch));
	if (w->nearest != NULL)
		SGAN_TRY(sgan_nearest_find(w->nearest, n, w->batch, w->found + first));
	if (w->npz != NULL)
		return sgan_npz_data(w->npz, w->batch, n * w->size);
	for (size_t k = 0; k < n; k++)
		place_cells(w, first + k, w->batch + k * w->size);
	return SGAN_OK;
}

static uint32_t label_at(const struct work *w, size_t place)
{
	struct sgan_image_source source;
	sgan_variation_source(w->drawing->variation, image_at(w, place), &source);
	return source.label;
}

static sgan_status write_labels(struct work *w)
{
	SGAN_TRY(sgan_npz_array(w->npz, "arr_1", SGAN_NPY_I64, 1, &w->total));
	for (size_t k = 0; k < w->total; k++) {
		const uint32_t label = label_at(w, k);
		SGAN_TRY(sgan_npz_integers(w->npz, &label, 1));
	}
	return SGAN_OK;
}

static sgan_status write_neighbours(struct work *w, enum sgan_space space, const char *index, const char *distance)
{
	SGAN_TRY(sgan_npz_array(w->npz, index, SGAN_NPY_I64, 1, &w->total));
	for (size_t k = 0; k < w->total; k++) {
		const uint32_t number = (uint32_t)w->found[k][space].index;
		SGAN_TRY(sgan_npz_integers(w->npz, &number, 1));
	}
	SGAN_TRY(sgan_npz_array(w->npz, distance, SGAN_NPY_F64, 1, &w->total));
	for (size_t k = 0; k < w->total; k++)
		SGAN_TRY(sgan_npz_data(w->npz, &w->found[k][space].distance, sizeof(double)));
	return SGAN_OK;
}

static sgan_status finish_npz(struct work *w)
{
	if (has_labels(w))
		SGAN_TRY(write_labels(w));
	if (w->found != NULL) {
		SGAN_TRY(write_neighbours(w, SGAN_SPACE_PIXELS, "nearest_pixels", "nearest_pixels_distance"));
		SGAN_TRY(write_neighbours(w, SGAN_SPACE_FEATURES, "nearest_features", "nearest_features_distance"));
	}
	struct sgan_npz_writer *npz = w->npz;
	w->npz = NULL;
	return sgan_npz_commit(npz);
}

static void print_neighbours(const struct work *w)
{
	const uint32_t *labels = w->drawing->data->train.labels; /* or NULL */
	char label[16] = "-", of_near[16] = "-";
	printf("%14s  %-26s  nearest by %s\n", "", "nearest by pixels", sgan_penultimate_name(w->drawing->preset));
	printf("%7s %6s", "image", "label");
	for (int space = 0; space < SGAN_SPACES; space++)
		printf("  %8s %6s %10s", "image", "label", "distance");
	printf("\n");
	for (size_t k = 0; k < w->total; k++) {
		if (has_labels(w))
			snprintf(label, sizeof label, "%u", (unsigned)label_at(w, k));
		printf("%7zu %6s", image_at(w, k), label);
		for (int space = 0; space < SGAN_SPACES; space++) {
			const struct sgan_neighbour *near = &w->found[k][space];
			if (labels != NULL)
				snprintf(of_near, sizeof of_near, "%u", (unsigned)labels[near->index]);
			printf("  %8zu %6s %10.4f", near->index, of_near, near->distance);
		}
		printf("\n");
	}
}

static sgan_status finish_png(struct work *w)
{
	const struct sgan_images images = picture_of(w);
	SGAN_TRY(sgan_png_grid_write(w->drawing->out, &images, w->drawing->columns * w->cells));
	if (w->found != NULL)
		print_neighbours(w);
	return SGAN_OK;
}

static sgan_status draw_all(struct work *w)
{
	SGAN_TRY(make_room(w));
	SGAN_TRY(load(w));
	cli_catch_signals(); /* from here on there may be a file to be removed */
	if (!w->drawing->png)
		SGAN_TRY(begin_npz(w));
	for (size_t done = 0; done < w->total; done += BATCH) {
		if (cli_stop)
			return sgan_fail(SGAN_EINTERRUPTED, "stopped after %zu of %zu images; nothing was written", done, w->total);
		cli_progress_images(&w->progress, done, w->total);
		SGAN_TRY(draw_batch(w, done, w->total - done < BATCH ? w->total - done : BATCH));
	}
	cli_progress_images(&w->progress, w->total, w->total);
	cli_progress_end(&w->progress);
	return w->drawing->png ? finish_png(w) : finish_npz(w);
}

sgan_status cli_draw(sgan_ctx *ctx, const struct cli_drawing *drawing)
{
	const struct sgan_preset *p = drawing->preset;
	struct work w = { .ctx = ctx, .drawing = drawing };
	w.total = sgan_variation_total(drawing->variation);
	w.size = p->height * p->width * p->channels; /* the preset's checks bound each */
	w.cells = drawing->data != NULL ? 1 + SGAN_SPACES : 1;
	cli_progress_begin(&w.progress, drawing->quiet);
	sgan_status status = draw_all(&w);
	cli_progress_end(&w.progress);
	sgan_npz_abort(w.npz);
	sgan_sampler_destroy(w.sampler);
	sgan_nearest_destroy(w.nearest);
	sgan_model_destroy(w.model);
	sgan_free(w.sources);
	sgan_free(w.batch);
	sgan_free(w.found);
	sgan_free(w.cell_pixels);
	return status;
}
