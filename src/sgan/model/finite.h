/* Whether numbers are finite, and the failure that names the tensor where they are not. */
#ifndef SGAN_SGAN_MODEL_FINITE_H
#define SGAN_SGAN_MODEL_FINITE_H

#include "src/sgan/model/model.h"

bool sgan_all_finite(const real *values, size_t count);

/* SGAN_EDIVERGED unless all values of a tensor are finite; the message names it, the step and the stage. */
sgan_status sgan_check_finite(const char *name, const real *values, size_t count, enum sgan_stage stage, uint64_t step);

/* The same for the weights, running statistics and, where they are kept, moments of all that the stage trains, after
 * `step` of its steps. Reads each value once. */
sgan_status sgan_model_check_finite(struct sgan_model *model, enum sgan_stage stage, uint64_t step);

#endif
