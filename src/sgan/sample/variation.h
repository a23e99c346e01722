/* What varies among images and what they share: labels, seeds, levels of noise held in a row, lines between two seeds.
 * A plan of sources (sampler.h) in rows; knows nothing of models' weights or of what becomes of the images.
 *
 * With nothing held, image j of a seed has all of its z from (seed, j), and the classes take turns: an image is the same
 * however many are asked for. With levels held, rows are `columns`
 * images: what is held is the row's, a class in turn and z(i) from (seed, the row's first j); what is not is each
 * image's own, z(i) from (seed, j) and the classes in turn. So the first image of a row is that of the plain draw.
 * Interpolation holds everything and takes one z(i) from the first seed to the second along a row. */
#ifndef SGAN_SGAN_SAMPLE_VARIATION_H
#define SGAN_SGAN_SAMPLE_VARIATION_H

#include "src/sgan/sample/sampler.h"

struct sgan_held {
	bool label;
	bool z[SGAN_STACKS_MAX];
};

struct sgan_variation {
	size_t stack_count;
	size_t class_count;      /* 0: the model takes no label */
	const uint32_t *classes; /* [class_count] */
	size_t seed_count;       /* at least 1; 2 for an interpolation */
	const uint64_t *seeds;   /* [seed_count]; the images of each, one seed after the other */
	size_t count;            /* images of a seed; of an interpolation: all */
	size_t columns;          /* images of a row, at least 1 */
	struct sgan_held held;   /* in a row; nothing: there are no rows */
	int interpolated;        /* the level whose z goes from seeds[0] to seeds[1] along a row, all held; -1: none */
};

/* Reads names of levels, "h1" or "y,z1": z0 to z(N-1); y, the label; h1 to hN, the label and all z of the stacks that
 * make it. SGAN_EINVAL: a name that is none, or of a level that the model (with labels or without) has not. */
sgan_status sgan_variation_hold(const char *names, size_t stack_count, bool labels, struct sgan_held *held);

/* The level of one name, z0 to z(N-1). SGAN_EINVAL. */
sgan_status sgan_variation_level(const char *name, size_t stack_count, int *level);

/* How many images there are in all. */
size_t sgan_variation_total(const struct sgan_variation *v);

/* How many images a seed has of each class, where nothing is held and each has as many as the others; else 0. */
size_t sgan_variation_a_class(const struct sgan_variation *v);

/* The image that a picture shows at a place < total: those of a seed sorted by class, where it has as many of each and
 * nothing is held; else the image of that number. */
size_t sgan_variation_shown(const struct sgan_variation *v, size_t place);

/* What image k < total is made from. */
void sgan_variation_source(const struct sgan_variation *v, size_t k, struct sgan_image_source *source);

#endif
