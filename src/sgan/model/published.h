/* Weights in the form in which the paper's authors published theirs: numpy.savez of Lasagne's parameters, for any
 * preset. The arrays of a layer are W and, without batch normalisation, b; with it W, b (our shift), g (gain), mean,
 * variance. W is (out, in, kh, kw) of a convolution (cross-correlation); (in, out, kh, kw) with kernels reversed in both
 * directions of a deconvolution; (in, out) of a dense layer. Where a dense layer reads or makes an image, its rows or
 * columns, and the vectors beside these, are in (c, h, w) order.
 *
 * Each function reads one file into the model's parameters. SGAN_EFORMAT: the message names file, array and layer: an
 * array too few or too many, another shape, a value that is not finite, a variance below 0; and as sgan_npz_open. The
 * model's values are then any. */
#ifndef SGAN_SGAN_MODEL_PUBLISHED_H
#define SGAN_SGAN_MODEL_PUBLISHED_H

#include "src/sgan/model/model.h"

/* The encoder's layers from the image up. */
sgan_status sgan_published_encoder(const char *path, struct sgan_model *model);

/* All generators, in the order in which Lasagne lists the layers of the whole network from label to image: each after
 * all that it reads, a concatenation's sources in their order. */
sgan_status sgan_published_generators(const char *path, struct sgan_model *model);

/* How many classes the generators of such a file are of, for a preset that leaves it to the data (its classes are 0), by
 * how many values the file holds; 1 where they take no label. SGAN_EFORMAT: so many values are of no number of
 * classes. */
sgan_status sgan_published_classes(const char *path, const struct sgan_preset *preset, size_t *classes);

/* Whether such a file has an encoder for the preset: reads it into a model that is thrown away. */
sgan_status sgan_published_encoder_fits(sgan_ctx *ctx, const char *path, const struct sgan_preset *preset);

#endif
