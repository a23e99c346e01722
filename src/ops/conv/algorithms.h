/* All algorithms; their files define them, algorithm.c lists them. */
#ifndef SGAN_OPS_CONV_ALGORITHMS_H
#define SGAN_OPS_CONV_ALGORITHMS_H

#include "src/ops/conv/algorithm.h"

extern const struct conv_algorithm sgan_conv_gather_batch, sgan_conv_scatter_batch;       /* direct_batch.c */
extern const struct conv_algorithm sgan_conv_gather_indirect, sgan_conv_scatter_indirect; /* direct_indirect.c */
extern const struct conv_algorithm sgan_conv_gather_runs;                                 /* runs.c */
extern const struct conv_algorithm sgan_conv_scatter_dots;                                /* dots.c */
extern const struct conv_algorithm sgan_conv_weights_rows;                                /* weights_rows.c */
extern const struct conv_algorithm sgan_conv_weights_runs, sgan_conv_weights_direct;      /* weights_direct.c */
extern const struct conv_algorithm sgan_conv_gather_winograd, sgan_conv_scatter_winograd; /* winograd_tiles.c */
extern const struct conv_algorithm sgan_conv_weights_winograd;                            /* winograd_weights.c */

#endif
