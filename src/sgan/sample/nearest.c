/* Nearest neighbours by |a|^2 - 2 ab + |b|^2: one matrix product for a batch of images and a block of training images.
 * That cancels where two images are alike, so each block's nearest is measured again, exactly. */
#include "src/sgan/sample/nearest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sgan/gemm.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/sgan/model/encoding.h"

enum { BLOCK = 512 }; /* training images of a product */

struct sgan_nearest {
	sgan_ctx *ctx;
	struct sgan_model *model;
	const struct sgan_split *train;
	struct sgan_encoding encoding; /* by E_0 */
	size_t sizes[SGAN_SPACES];     /* values of an image in each space */
	real *features;                /* [train.count, sizes[SGAN_SPACE_FEATURES]] */
	real *lengths[SGAN_SPACES];    /* [train.count]: squares */
	real *queries[SGAN_SPACES];    /* [max_batch, size]: the images that are looked for */
	real *block;                   /* [BLOCK, image]: training images as pixels */
	real *products;                /* [max_batch, BLOCK] */
};

static void to_pixels(const struct sgan_nearest *s, size_t n, const uint8_t *images, real *pixels)
{
	for (size_t k = 0; k < n * s->sizes[SGAN_SPACE_PIXELS]; k++)
		pixels[k] = (real)images[k] / s->model->input.divisor;
}

static sgan_status to_features(struct sgan_nearest *s, size_t n, const uint8_t *images, real *features)
{
	sgan_input_of_bytes(&s->model->input, n, images, s->encoding.x);
	SGAN_TRY(sgan_encoding_run(s->ctx, &s->encoding, n));
	memcpy(features, sgan_encoding_features(&s->encoding, 0), n * s->sizes[SGAN_SPACE_FEATURES] * sizeof *features);
	return SGAN_OK;
}

static double squared_length(const real *x, size_t size)
{
	double sum = 0;
	for (size_t k = 0; k < size; k++)
		sum += (double)x[k] * (double)x[k];
	return sum;
}

static double squared_distance(const real *a, const real *b, size_t size)
{
	double sum = 0;
	for (size_t k = 0; k < size; k++)
		sum += ((double)a[k] - (double)b[k]) * ((double)a[k] - (double)b[k]);
	return sum;
}

static sgan_status make_room(struct sgan_nearest *s)
{
	const size_t batch = s->model->max_batch, image = s->sizes[SGAN_SPACE_PIXELS];
	SGAN_TRY(sgan_encoding_create(s->model, 1, &s->encoding));
	s->features = sgan_alloc(s->train->count, s->sizes[SGAN_SPACE_FEATURES] * sizeof(real));
	s->block = sgan_alloc(BLOCK, image * sizeof(real));
	s->products = sgan_alloc(batch, BLOCK * sizeof(real));
	bool made = s->features != NULL && s->block != NULL && s->products != NULL;
	for (int space = 0; space < SGAN_SPACES; space++) {
		s->lengths[space] = sgan_alloc(s->train->count, sizeof(real));
		s->queries[space] = sgan_alloc(batch, s->sizes[space] * sizeof(real));
		made = made && s->lengths[space] != NULL && s->queries[space] != NULL;
	}
	return made ? SGAN_OK : SGAN_ENOMEM;
}

static sgan_status describe_training(struct sgan_nearest *s)
{
	const size_t batch = s->model->max_batch, *sizes = s->sizes;
	for (size_t done = 0; done < s->train->count; done += batch) {
		const size_t n = s->train->count - done < batch ? s->train->count - done : batch;
		const uint8_t *images = s->train->images + done * sizes[SGAN_SPACE_PIXELS];
		real *features = s->features + done * sizes[SGAN_SPACE_FEATURES], *pixels = s->queries[SGAN_SPACE_PIXELS];
		SGAN_TRY(to_features(s, n, images, features));
		to_pixels(s, n, images, pixels);
		for (size_t k = 0; k < n; k++) {
			s->lengths[SGAN_SPACE_PIXELS][done + k] =
				(real)squared_length(pixels + k * sizes[SGAN_SPACE_PIXELS], sizes[SGAN_SPACE_PIXELS]);
			s->lengths[SGAN_SPACE_FEATURES][done + k] =
				(real)squared_length(features + k * sizes[SGAN_SPACE_FEATURES], sizes[SGAN_SPACE_FEATURES]);
		}
	}
	return SGAN_OK;
}

static sgan_status check_data(const struct sgan_preset *p, const struct sgan_dataset *d)
{
	if (d->height != p->height || d->width != p->width || d->channels != p->channels)
		return sgan_fail(SGAN_EINVAL, "dataset %s has images of %zux%zux%zu, the model's have %zux%zux%zu", d->name,
		                 d->height, d->width, d->channels, p->height, p->width, p->channels);
	return d->train.count > 0 ? SGAN_OK : sgan_fail(SGAN_EINVAL, "dataset %s has no training images", d->name);
}

sgan_status sgan_nearest_create(sgan_ctx *ctx, struct sgan_model *model, const struct sgan_dataset *data,
                                struct sgan_nearest **out)
{
	SGAN_TRY(check_data(model->preset, data));
	struct sgan_nearest *s = calloc(1, sizeof *s);
	if (s == NULL)
		return sgan_fail(SGAN_ENOMEM, "nearest images: no memory");
	s->ctx = ctx;
	s->model = model;
	s->train = &data->train;
	s->sizes[SGAN_SPACE_PIXELS] = model->input.size;
	s->sizes[SGAN_SPACE_FEATURES] = model->encoder[0].out_size;
	sgan_status status = make_room(s);
	if (status == SGAN_OK)
		status = describe_training(s);
	if (status != SGAN_OK) {
		sgan_nearest_destroy(s);
		return sgan_fail_in(status, "nearest images");
	}
	*out = s;
	return SGAN_OK;
}

void sgan_nearest_destroy(struct sgan_nearest *s)
{
	if (s == NULL)
		return;
	sgan_encoding_free(&s->encoding);
	sgan_free(s->features);
	sgan_free(s->block);
	sgan_free(s->products);
	for (int space = 0; space < SGAN_SPACES; space++) {
		sgan_free(s->lengths[space]);
		sgan_free(s->queries[space]);
	}
	free(s);
}

/* Of a block of `count` training images from `first` on, the nearest to one image, where it is nearer than what was
 * found before. block [count, size]. */
static void keep_nearest(const struct sgan_nearest *s, enum sgan_space space, size_t first, size_t count,
                         const real *block, size_t k, struct sgan_neighbour *found)
{
	const size_t size = s->sizes[space];
	const real *lengths = s->lengths[space] + first, *products = s->products + k * BLOCK;
	size_t best = 0;
	for (size_t j = 1; j < count; j++)
		if (lengths[j] - 2 * products[j] < lengths[best] - 2 * products[best])
			best = j;
	const double distance = squared_distance(s->queries[space] + k * size, block + best * size, size);
	if (distance < found->distance)
		*found = (struct sgan_neighbour){ first + best, distance };
}

static sgan_status search(struct sgan_nearest *s, enum sgan_space space, size_t n,
                          struct sgan_neighbour (*found)[SGAN_SPACES])
{
	const size_t size = s->sizes[space], images = s->train->count;
	for (size_t k = 0; k < n; k++)
		found[k][space] = (struct sgan_neighbour){ 0, INFINITY };
	for (size_t first = 0; first < images; first += BLOCK) {
		const size_t count = images - first < BLOCK ? images - first : BLOCK;
		const real *block = s->features + first * size;
		if (space == SGAN_SPACE_PIXELS) {
			to_pixels(s, count, s->train->images + first * size, s->block);
			block = s->block;
		}
		SGAN_TRY(sgan_gemm(s->ctx, false, true, n, count, size, s->queries[space], size, block, size, false,
		                   s->products, BLOCK));
		for (size_t k = 0; k < n; k++)
			keep_nearest(s, space, first, count, block, k, &found[k][space]);
	}
	for (size_t k = 0; k < n; k++)
		found[k][space].distance = sqrt(found[k][space].distance);
	return SGAN_OK;
}

sgan_status sgan_nearest_find(struct sgan_nearest *s, size_t n, const uint8_t *images,
                              struct sgan_neighbour (*found)[SGAN_SPACES])
{
	if (n > s->model->max_batch)
		return sgan_fail(SGAN_EINVAL, "%zu images to compare with a model made for %zu", n, s->model->max_batch);
	to_pixels(s, n, images, s->queries[SGAN_SPACE_PIXELS]);
	SGAN_TRY(to_features(s, n, images, s->queries[SGAN_SPACE_FEATURES]));
	for (int space = 0; space < SGAN_SPACES; space++)
		SGAN_TRY(search(s, (enum sgan_space)space, n, found));
	return SGAN_OK;
}
