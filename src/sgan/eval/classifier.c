/* A model file's encoder as a judge: hash, features, probabilities.
 * It must not know whose images it is shown. */
#include "src/sgan/eval/classifier.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/sgan/model/checkpoint.h"
#include "src/sgan/model/encoding.h"
#include "src/sgan/model/finite.h"
#include "src/sgan/model/modelfile.h"

enum { BATCH = 100 };

struct sgan_classifier_inside {
	sgan_ctx *ctx;
	struct sgan_preset *preset;
	struct sgan_model *model;
	struct sgan_encoding encoding; /* by all of the encoder */
};

static sgan_status load(const char *path, struct sgan_model *model, char dataset[SGAN_DATA_NAME])
{
	struct sgan_safetensors *file;
	struct sgan_state state;
	SGAN_TRY(sgan_safetensors_open(path, &file));
	sgan_status status = sgan_checkpoint_state(file, &state);
	if (status == SGAN_OK && !state.trained[SGAN_STAGE_ENCODER])
		status = sgan_fail(SGAN_EFORMAT, "%s: its encoder is not trained to the end", path);
	if (status == SGAN_OK)
		status = sgan_checkpoint_load(file, model, SGAN_STAGE_INDEPENDENT, false);
	if (status == SGAN_OK)
		snprintf(dataset, SGAN_DATA_NAME, "%s", state.dataset);
	sgan_safetensors_close(file);
	return status;
}

static sgan_status prepare(const char *path, struct sgan_classifier *c)
{
	struct sgan_classifier_inside *in = c->inside;
	SGAN_TRY(sgan_model_preset(path, &in->preset));
	if (in->preset->labels != SGAN_LABELS_DATA)
		return sgan_fail(SGAN_EINVAL, "%s: its encoder learnt without labels and knows no classes", path);
	SGAN_TRY(sgan_model_create(in->ctx, in->preset, BATCH, false, &in->model));
	SGAN_TRY(load(path, in->model, c->dataset));
	SGAN_TRY(sgan_encoding_create(in->model, in->model->encoder_count, &in->encoding));
	c->feature_count = sgan_penultimate_size(in->model);
	c->height = in->preset->height;
	c->width = in->preset->width;
	c->channels = in->preset->channels;
	c->classes = in->preset->classes;
	snprintf(c->name, sizeof c->name, "%s", in->preset->name);
	sgan_hash_encoder(in->model, c->hash);
	return SGAN_OK;
}

sgan_status sgan_classifier_open(sgan_ctx *ctx, const char *path, struct sgan_classifier *c)
{
	*c = (struct sgan_classifier){ .inside = calloc(1, sizeof *c->inside) };
	if (c->inside == NULL)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for the classifier", path);
	c->inside->ctx = ctx;
	sgan_status status = prepare(path, c);
	if (status != SGAN_OK)
		sgan_classifier_close(c);
	return status == SGAN_OK ? SGAN_OK : sgan_fail_in(status, "classifier");
}

void sgan_classifier_close(struct sgan_classifier *c)
{
	struct sgan_classifier_inside *in = c->inside;
	if (in == NULL)
		return;
	sgan_encoding_free(&in->encoding);
	sgan_model_destroy(in->model);
	sgan_preset_free(in->preset);
	free(in);
	c->inside = NULL;
}

static void softmax(size_t classes, const real *scores, real *probabilities)
{
	double largest = -INFINITY, sum = 0;
	for (size_t c = 0; c < classes; c++)
		largest = fmax(largest, (double)scores[c]);
	for (size_t c = 0; c < classes; c++)
		sum += exp((double)scores[c] - largest);
	for (size_t c = 0; c < classes; c++)
		probabilities[c] = (real)(exp((double)scores[c] - largest) / sum);
}

static sgan_status classify_batch(const struct sgan_classifier *c, size_t n, const uint8_t *images, real *features,
                                  real *probabilities)
{
	struct sgan_classifier_inside *in = c->inside;
	const size_t top = in->model->encoder_count - 1;
	sgan_input_of_bytes(&in->model->input, n, images, in->encoding.x);
	SGAN_TRY(sgan_encoding_run(in->ctx, &in->encoding, n));
	const real *scores = sgan_encoding_features(&in->encoding, top);
	memcpy(features, sgan_encoding_penultimate(&in->encoding), n * c->feature_count * sizeof *features);
	if (!sgan_all_finite(features, n * c->feature_count) || !sgan_all_finite(scores, n * c->classes))
		return sgan_fail(SGAN_EFORMAT, "classifier %s: features or scores of an image are not finite", c->name);
	for (size_t i = 0; i < n; i++)
		softmax(c->classes, scores + i * c->classes, probabilities + i * c->classes);
	return SGAN_OK;
}

sgan_status sgan_classify(const struct sgan_classifier *c, size_t n, const uint8_t *images, real *features,
                          real *probabilities)
{
	const size_t size = c->inside->model->input.size;
	for (size_t done = 0; done < n; done += BATCH)
		SGAN_TRY(classify_batch(c, n - done < BATCH ? n - done : BATCH, images + done * size,
		                        features + done * c->feature_count, probabilities + done * c->classes));
	return SGAN_OK;
}

uint32_t sgan_most_likely(size_t classes, const real *probabilities)
{
	uint32_t best = 0;
	for (uint32_t c = 1; c < classes; c++)
		if (probabilities[c] > probabilities[best])
			best = c;
	return best;
}
