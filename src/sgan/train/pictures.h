/* The pictures of a run: one row a class, of real images and of what the generators make at an epoch's end. */
#ifndef SGAN_SGAN_TRAIN_PICTURES_H
#define SGAN_SGAN_TRAIN_PICTURES_H

#include "src/data/dataset.h"
#include "src/io/run.h"
#include "src/sgan/sample/sampler.h"

/* Rows of a grid, and the class of row r: every class, or SGAN_GRID_ROWS of them evenly chosen where there are more;
 * the first one always, and no class twice. */
enum { SGAN_GRID_ROWS = 32, SGAN_GRID_COLUMNS = 10 };
size_t sgan_grid_rows(size_t classes);
size_t sgan_grid_class(size_t classes, size_t row);

/* The same of another number of rows, at most `classes`. */
size_t sgan_spread_class(size_t classes, size_t rows, size_t row);

/* A PNG of real images: the first training images of each row's class, black where there are too few; or, not by class,
 * the first of all, as many rows as columns. All or not at all. */
sgan_status sgan_preview_write(const char *path, const struct sgan_dataset *data, bool by_class);

/* The same as reals.png in the run. */
sgan_status sgan_reals_write(const char *run, const struct sgan_dataset *data, bool by_class);

/* samples-STAGE-EPOCH.png in the run; as many rows as columns for generators that take no label. The noise of an image
 * depends on the preset's seed and its place in the grid. */
sgan_status sgan_samples_path(const char *run, enum sgan_stage stage, size_t epoch, char path[SGAN_PATH]);
sgan_status sgan_samples_write(const char *run, enum sgan_stage stage, size_t epoch, const struct sgan_preset *preset,
                               struct sgan_sampler *sampler);

#endif
