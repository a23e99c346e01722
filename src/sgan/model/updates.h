/* How often the networks that a stage trains have been updated. */
#ifndef SGAN_SGAN_MODEL_UPDATES_H
#define SGAN_SGAN_MODEL_UPDATES_H

#include "src/sgan/preset/preset.h"

/* Adam's t, which also names the random numbers of a step. */
struct sgan_updates {
	uint64_t first;                      /* of the encoder, or of each discriminator */
	uint64_t generator[SGAN_STACKS_MAX]; /* of each generator: after a D step stacks may differ in their G steps */
};

#endif
