/* The inside of a plan: a description that was checked, and for each pass one algorithm with the sizes that it asks
 * for. It knows no algorithm by name. */
#ifndef SGAN_OPS_CONV_PLAN_H
#define SGAN_OPS_CONV_PLAN_H

#include "src/ops/conv/algorithm.h"

struct conv_planned {
	struct conv_problem problem;
	const struct conv_algorithm *algorithm;
	size_t packed_bytes, worker_bytes;
	size_t shared_bytes[2]; /* without and with an exchange of partial sums */
};

struct sgan_conv_plan {
	sgan_conv_desc desc;
	size_t out_h, out_w;
	struct conv_planned pass[SGAN_PASS_COUNT];
};

/* "convolution, forward" and so on: what messages about a pass begin with. */
extern const char *const sgan_conv_pass_names[SGAN_PASS_COUNT];

static inline bool conv_is_pass(sgan_pass pass)
{
	return (unsigned)pass < SGAN_PASS_COUNT;
}

#endif
