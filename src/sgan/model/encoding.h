/* Images through the lowest parts of a trained encoder, outside of training: with running statistics, and no way back.
 * Knows nothing of what features are for. */
#ifndef SGAN_SGAN_MODEL_ENCODING_H
#define SGAN_SGAN_MODEL_ENCODING_H

#include "src/sgan/model/model.h"

struct sgan_encoding {
	const struct sgan_model *model;
	size_t parts;
	struct sgan_tape *tapes[SGAN_STACKS_MAX]; /* [parts]: h(i+1) is the last layer's value of number i */
	real *x; /* [max_batch, image]: what is encoded, as src/sgan/model/input.h makes it */
};

/* Room for the first `parts` parts of the model, which must outlive it. The caller ends it with sgan_encoding_free, also
 * after a failure; one that is all 0 may be freed. SGAN_ENOMEM. */
sgan_status sgan_encoding_create(const struct sgan_model *model, size_t parts, struct sgan_encoding *encoding);
void sgan_encoding_free(struct sgan_encoding *encoding);

/* Encodes the n <= max_batch images in x. */
sgan_status sgan_encoding_run(sgan_ctx *ctx, struct sgan_encoding *encoding, size_t n);

/* h(i+1) of these, [n, out_size of part i], until the next run. */
const real *sgan_encoding_features(const struct sgan_encoding *encoding, size_t i);

/* The penultimate layer is the one that the encoder's last layer reads: the features that images are compared by,
 * wherever the encoder is cut. Its name in the preset; how many values it has of an image; and what it has of those in x,
 * [n, size], until the next run, where the encoding is by all of the encoder's parts. */
const char *sgan_penultimate_name(const struct sgan_preset *preset);
size_t sgan_penultimate_size(const struct sgan_model *model);
const real *sgan_encoding_penultimate(const struct sgan_encoding *encoding);

#endif
