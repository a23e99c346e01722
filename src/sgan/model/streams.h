/* The random streams of a run. Every number is a function of (seed, stream, step, element), so a run that was
 * stopped goes on with the numbers it would have had. */
#ifndef SGAN_SGAN_MODEL_STREAMS_H
#define SGAN_SGAN_MODEL_STREAMS_H

#include "src/sgan/preset/preset.h"

enum sgan_purpose {
	SGAN_RANDOM_INIT = 1,      /* weights; step: a hash of the tensor's name */
	SGAN_RANDOM_SHUFFLE,       /* order of an epoch; step: the epoch */
	SGAN_RANDOM_DISCRIMINATOR, /* z, noise and masks of a D step; step: number of D updates before it */
	SGAN_RANDOM_GENERATOR,     /* the same of a G step; step: number of G updates before it */
	SGAN_RANDOM_GRID,          /* z of the sample grids; step: image */
	SGAN_RANDOM_SAMPLE,        /* z of `sample`; step: image */
	SGAN_RANDOM_ENCODER,       /* noise and masks of an encoder step; step: number of encoder updates before it */
	SGAN_RANDOM_VIEW,          /* how a batch's images are shown; step: of the stage, from 0 */
	SGAN_RANDOM_Z_SHARE,       /* z of what a z share is measured on; step: 0 */
	SGAN_RANDOM_AVERAGE,       /* z that the statistics of averaged generators are taken on; step: batch */
	SGAN_RANDOM_RECOVERY       /* z of samples that Q is to find it in; step: the batch */
};

/* A stream's name, from its low end: 4 bits of stack, 4 of pass, 8 of stage, 8 of purpose, 8 of layer. */
_Static_assert(SGAN_STACKS_MAX <= 1 << 4, "a stack's number has 4 bits");

/* stage and stack are 0 where they do not matter. */
static inline uint32_t sgan_stream(enum sgan_purpose purpose, unsigned stage, unsigned stack)
{
	return (uint32_t)purpose << 16 | (uint32_t)stage << 8 | (uint32_t)stack;
}

/* Whose noise and masks a stream of a stack is; 0 is z. */
enum sgan_drawn_by { SGAN_DRAWN_BY_ENCODER = 1, SGAN_DRAWN_BY_GENERATOR, SGAN_DRAWN_BY_REAL, SGAN_DRAWN_BY_GENERATED };

/* Of a network's layers, which put their numbers into the high byte (sgan_tape_random). */
static inline uint32_t sgan_layer_stream(enum sgan_purpose purpose, unsigned stage, unsigned stack,
                                         enum sgan_drawn_by pass)
{
	return sgan_stream(purpose, stage, stack) | (uint32_t)pass << 4;
}

#endif
