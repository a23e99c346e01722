/* The nearest training images, in spaces of rows that src/metrics compares. Its distances are products of floats, which
 * cancel where two images are alike, so the few nearest are asked for, of which it measures each again in double.
 * It must not know where images come from. */
#include "src/sgan/sample/nearest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/metrics/neighbours.h"
#include "src/sgan/model/encoding.h"

struct sgan_nearest {
	sgan_ctx *ctx;
	struct sgan_model *model;
	struct sgan_encoding encoding;       /* by all of the encoder */
	size_t size;                         /* of the features of an image */
	real *features;                      /* [train.count, size] */
	struct sgan_rows train[SGAN_SPACES]; /* the training images */
	real *queries;                       /* [max_batch, size]: features of the images that are looked for */
	size_t *index;                       /* [max_batch, SGAN_NEIGHBOURS_MAX] */
	double *squares;                     /* [max_batch, SGAN_NEIGHBOURS_MAX] */
};

static sgan_status to_features(struct sgan_nearest *s, size_t n, const uint8_t *images, real *features)
{
	sgan_input_of_bytes(&s->model->input, n, images, s->encoding.x);
	SGAN_TRY(sgan_encoding_run(s->ctx, &s->encoding, n));
	memcpy(features, sgan_encoding_penultimate(&s->encoding), n * s->size * sizeof *features);
	return SGAN_OK;
}

static sgan_status make_room(struct sgan_nearest *s, size_t images)
{
	const size_t batch = s->model->max_batch;
	SGAN_TRY(sgan_encoding_create(s->model, s->model->encoder_count, &s->encoding));
	s->size = sgan_penultimate_size(s->model);
	s->features = sgan_alloc(images, s->size * sizeof *s->features);
	s->queries = sgan_alloc(batch, s->size * sizeof *s->queries);
	s->index = sgan_alloc(batch, SGAN_NEIGHBOURS_MAX * sizeof *s->index);
	s->squares = sgan_alloc(batch, SGAN_NEIGHBOURS_MAX * sizeof *s->squares);
	const bool made = s->features != NULL && s->queries != NULL && s->index != NULL && s->squares != NULL;
	return made ? SGAN_OK : SGAN_ENOMEM;
}

static sgan_status describe_training(struct sgan_nearest *s, const struct sgan_split *train)
{
	const size_t batch = s->model->max_batch, pixels = s->model->input.size;
	SGAN_TRY(make_room(s, train->count));
	s->train[SGAN_SPACE_PIXELS] = (struct sgan_rows){ .count = train->count, .size = pixels, .bytes = train->images };
	s->train[SGAN_SPACE_FEATURES] = (struct sgan_rows){ .count = train->count, .size = s->size, .values = s->features };
	for (size_t done = 0; done < train->count; done += batch) {
		const size_t n = train->count - done < batch ? train->count - done : batch;
		SGAN_TRY(to_features(s, n, train->images + done * pixels, s->features + done * s->size));
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
	sgan_status status = describe_training(s, &data->train);
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
	sgan_free(s->queries);
	sgan_free(s->index);
	sgan_free(s->squares);
	free(s);
}

static sgan_status search(struct sgan_nearest *s, enum sgan_space space, const struct sgan_rows *queries,
                          struct sgan_neighbour (*found)[SGAN_SPACES])
{
	const struct sgan_rows *train = &s->train[space];
	const size_t k = train->count < SGAN_NEIGHBOURS_MAX ? train->count : SGAN_NEIGHBOURS_MAX;
	SGAN_TRY(sgan_nearest_rows(s->ctx, queries, train, NULL, k, s->index, s->squares));
	for (size_t i = 0; i < queries->count; i++)
		found[i][space] = (struct sgan_neighbour){ s->index[i * k], sqrt(s->squares[i * k]) };
	return SGAN_OK;
}

sgan_status sgan_nearest_find(struct sgan_nearest *s, size_t n, const uint8_t *images,
                              struct sgan_neighbour (*found)[SGAN_SPACES])
{
	if (n > s->model->max_batch)
		return sgan_fail(SGAN_EINVAL, "%zu images to compare with a model made for %zu", n, s->model->max_batch);
	SGAN_TRY(to_features(s, n, images, s->queries));
	const struct sgan_rows pixels = { .count = n, .size = s->model->input.size, .bytes = images };
	const struct sgan_rows features = { .count = n, .size = s->size, .values = s->queries };
	SGAN_TRY(search(s, SGAN_SPACE_PIXELS, &pixels, found));
	return search(s, SGAN_SPACE_FEATURES, &features, found);
}
