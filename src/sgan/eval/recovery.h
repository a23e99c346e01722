/* Whether Q finds z again in what the generators make of it. */
#ifndef SGAN_SGAN_EVAL_RECOVERY_H
#define SGAN_SGAN_EVAL_RECOVERY_H

#include "src/sgan/model/model.h"

/* errors [stack_count]: the mean of (Q_i(h(i)) - z(i))^2 over elements of fresh samples, drawn as `sample` draws them,
 * of classes that take turns: `batches` of the model's max_batch. 1/12 = 0.0833 is what a Q that guesses the middle
 * gets; NaN, of a stack without Q. Generators take running statistics, D and Q, which have none worth using, the
 * batch's, without noise and dropout. The same bits for any number of threads. */
sgan_status sgan_recovery(sgan_ctx *ctx, struct sgan_model *model, size_t batches, uint64_t seed, double *errors);

#endif
