/* What processes that train together (src/ranks) tell each other, besides the sums that the context exchanges. For one
 * process by itself there is nothing to tell. */
#ifndef SGAN_SGAN_TRAIN_TOGETHER_H
#define SGAN_SGAN_TRAIN_TOGETHER_H

#include "src/sgan/train/trainer.h"

/* Whether all have the same data, whose hash this is, and compute with the same instruction set. SGAN_EINVAL: not so. */
sgan_status sgan_together_check(struct sgan_trainer *t, uint64_t data_hash);

/* Where the run stands and the model, from rank 0, which has them, to all. */
sgan_status sgan_together_start(struct sgan_trainer *t);

/* Sets what the caller's options ask for by now, to stop or to save: what signals have told one they have told all, and time
 * is rank 0's. */
sgan_status sgan_together_signals(struct sgan_trainer *t);

/* Rank 0 has the whole of those of the session's tensors over the batch that its log tells of. */
sgan_status sgan_together_tensors(struct sgan_trainer *t);

#endif
