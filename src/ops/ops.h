/* Operations over a whole batch: the kernels, spread over the context's threads. Those of <sgan/ops.h> are public
 * and check their arguments; the others are here, in the same terms, for callers that know what they pass.
 *
 * Where a result sums over the batch, chunks inside a slice depend on the shape
 * alone, and partial sums are added in order: the same bits for any number of threads. */
#ifndef SGAN_OPS_OPS_H
#define SGAN_OPS_OPS_H

#include <sgan/conv.h>
#include <sgan/gemm.h>
#include <sgan/ops.h>

#include "kernels/kernels.h"

/* First image of slice s. */
size_t sgan_slice_begin(size_t n, size_t slices, size_t s);

#endif
