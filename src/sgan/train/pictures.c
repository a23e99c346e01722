/* Grids of images, a row a class.
 * It must not know how images are made, nor when. */
#include "src/sgan/train/pictures.h"

#include <stdio.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/io/image.h"
#include "src/io/run.h"
#include "src/sgan/model/streams.h"

size_t sgan_grid_rows(size_t classes)
{
	return classes < SGAN_GRID_ROWS ? classes : SGAN_GRID_ROWS;
}

size_t sgan_spread_class(size_t classes, size_t rows, size_t row)
{
	/* row * classes / rows, without its product */
	return classes / rows * row + classes % rows * row / rows;
}

size_t sgan_grid_class(size_t classes, size_t row)
{
	return sgan_spread_class(classes, sgan_grid_rows(classes), row);
}

/* The first images of a class into its row. */
static void take_class(const struct sgan_split *split, size_t class, size_t size, uint8_t *row)
{
	size_t taken = 0;
	for (size_t i = 0; i < split->count && taken < SGAN_GRID_COLUMNS; i++)
		if (split->labels[i] == class)
			memcpy(row + taken++ * size, split->images + i * size, size);
}

/* The first images, whatever they are of. */
static void take_first(const struct sgan_split *split, size_t size, size_t count, uint8_t *pixels)
{
	memcpy(pixels, split->images, (split->count < count ? split->count : count) * size);
}

sgan_status sgan_preview_write(const char *path, const struct sgan_dataset *d, bool by_class)
{
	const size_t size = d->height * d->width * d->channels;
	const size_t rows = by_class ? sgan_grid_rows(d->classes) : SGAN_GRID_COLUMNS;
	const size_t count = rows * SGAN_GRID_COLUMNS;
	uint8_t *pixels = sgan_alloc(count, size);
	if (pixels == NULL)
		return SGAN_ENOMEM;
	if (!by_class)
		take_first(&d->train, size, count, pixels);
	for (size_t row = 0; row < rows && by_class; row++)
		take_class(&d->train, sgan_grid_class(d->classes, row), size, pixels + row * SGAN_GRID_COLUMNS * size);
	const struct sgan_images images = { count, d->height, d->width, d->channels, pixels };
	sgan_status status = sgan_png_grid_write(path, &images, SGAN_GRID_COLUMNS);
	sgan_free(pixels);
	return status;
}

sgan_status sgan_reals_write(const char *run, const struct sgan_dataset *d, bool by_class)
{
	char path[SGAN_PATH];
	SGAN_TRY(sgan_run_file(run, SGAN_RUN_REALS, path));
	return sgan_preview_write(path, d, by_class);
}

sgan_status sgan_samples_path(const char *run, enum sgan_stage stage, size_t epoch, char path[SGAN_PATH])
{
	char name[64];
	snprintf(name, sizeof name, "samples-%s-%zu.png", sgan_stage_name(stage), epoch);
	return sgan_run_file(run, name, path);
}

sgan_status sgan_samples_write(const char *run, enum sgan_stage stage, size_t epoch, const struct sgan_preset *p,
                               struct sgan_sampler *sampler)
{
	enum { MOST = SGAN_GRID_ROWS * SGAN_GRID_COLUMNS };
	const bool labelled = sgan_preset_labelled(p);
	const size_t count = (labelled ? sgan_grid_rows(p->classes) : SGAN_GRID_COLUMNS) * SGAN_GRID_COLUMNS;
	const size_t size = p->height * p->width * p->channels;
	uint32_t labels[MOST];
	char path[SGAN_PATH];
	SGAN_TRY(sgan_samples_path(run, stage, epoch, path));
	uint8_t *pixels = sgan_alloc(count, size);
	if (pixels == NULL)
		return SGAN_ENOMEM;
	for (size_t i = 0; i < count && labelled; i++)
		labels[i] = (uint32_t)sgan_grid_class(p->classes, i / SGAN_GRID_COLUMNS);
	sgan_status status = sgan_sampler_draw(sampler, sgan_stream(SGAN_RANDOM_GRID, 0, 0), p->seed, 0, count,
	                                       labelled ? labels : NULL, pixels);
	const struct sgan_images images = { count, p->height, p->width, p->channels, pixels };
	if (status == SGAN_OK)
		status = sgan_png_grid_write(path, &images, SGAN_GRID_COLUMNS);
	sgan_free(pixels);
	return status;
}
