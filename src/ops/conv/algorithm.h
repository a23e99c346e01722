/* What an algorithm of an operation is, and the lists from which one is chosen: the only place that chooses. A new
 * algorithm is a file that defines a struct conv_algorithm, a declaration in algorithms.h and a row in algorithm.c. */
#ifndef SGAN_OPS_CONV_ALGORITHM_H
#define SGAN_OPS_CONV_ALGORITHM_H

#include "kernels/kernels.h"
#include "src/cpu/memory.h"
#include "src/exec/places.h"
#include "src/ops/conv/lower.h"
#include "src/ops/conv/left.h"
#include "src/ops/conv/weights_cut.h"
#include "src/ops/conv/winograd_cut.h"

/* What an algorithm is chosen for: one operation of a layer, on one set of kernels, for whole batches of up to
 * max_batch images. Only how work is cut among threads may depend on anything else. */
struct conv_problem {
	enum conv_operation operation;
	struct conv_base base;
	const struct sgan_kernels *kernels;
	size_t max_batch, slices;
	size_t weight_count;
	struct conv_weights_cut cut; /* of CONV_WEIGHTS: the algorithm's own, see make_cut below */
	struct winograd winograd;    /* the same of Winograd's algorithms */
	struct winograd_weights winograd_weights;
};

/* One call of an operation. */
struct conv_call {
	const struct conv_problem *problem;
	sgan_batch batch;
	size_t first, images; /* of the batch: those to compute, the range's */

	/* gather and scatter; tensors are the whole batch's */
	const real *src;
	const real *packed; /* of the first node: see conv_packed */
	real *dst;
	struct sgan_epilogue epilogue; /* its bias is all channels' */

	/* weights */
	const real *x, *y;
	real *diff_weights;
	bool accumulate;
	real *partials;                 /* of the slices, see weights_slices.h; NULL: they are in `shared` */
	struct sgan_weights_left *left; /* the gradient's second step, which the caller does; NULL: both are done */

	const struct sgan_places *places;
	size_t packed_bytes; /* from one node's packed weights to the next one's */

	char *workers; /* worker_bytes of memory for each */
	size_t worker_bytes;
	char *shared; /* shared_bytes for all */
};

struct conv_algorithm {
	const char *name; /* unique in its operation's list, and not "auto" or "direct" */
	enum conv_operation operation;
	bool fast; /* it does fewer products than the sums have: not what is called "direct" */

	/* Whether it can do this problem, and is meant to. At least one of a list fits any. */
	bool (*fits)(const struct conv_problem *problem);

	/* Fills in those of problem->cut, winograd and winograd_weights that it uses, once, when the plan is made; what
	 * follows sees it. NULL: uses none. */
	void (*make_cut)(struct conv_problem *problem);

	/* The time that a whole batch is expected to take, as the number of multiply-adds that full tiles do in it. */
	double (*cost)(const struct conv_problem *problem);

	/* Elements of packed weights, and packing; NULL where it reads none. */
	size_t (*packed_count)(const struct conv_problem *problem);
	void (*pack)(sgan_ctx *ctx, const struct conv_problem *problem, const real *weights, real *packed);

	/* Bytes of workspace, multiples of 64: of each worker; shared by all (NULL: none), where `exchanges` says whether
	 * slices' partial sums may be exchanged. */
	size_t (*worker_bytes)(const struct conv_problem *problem);
	size_t (*shared_bytes)(const struct conv_problem *problem, bool exchanges);

	/* Computes the call's images. What it returns is the exchange's: others cannot fail. */
	sgan_status (*run)(sgan_ctx *ctx, const struct conv_call *call);

	/* The bound that tests apply: a result may be off by `error` roundings, of half an epsilon each, of the sum of its
	 * products' absolute values; a fast algorithm's, whose tiles share their errors, of the largest such sum. */
	double error;
};

/* An operation's algorithms, in the order in which they are asked; *count of them. */
const struct conv_algorithm *const *sgan_conv_algorithm_list(enum conv_operation operation, size_t *count);

/* Chooses for a problem, and lets the algorithm fill in its cut: the cheapest that fits, of equals the first; or the
 * one of that name; of "direct" ones alone; name NULL or "auto": of all. SGAN_EINVAL: no such name, or it does not
 * fit; the message begins with `what`, says so, and lists those that do. */
sgan_status sgan_conv_choose(const char *what, const char *name, struct conv_problem *problem,
                             const struct conv_algorithm **algorithm);

/* --- for algorithms ---------------------------------------------------------- */

/* Bytes rounded up to whole cache lines. */
static inline size_t conv_round_bytes(size_t bytes)
{
	return round_up(bytes, SGAN_ALIGN);
}

static inline char *conv_worker_memory(const struct conv_call *call, int worker)
{
	return call->workers + (size_t)worker * call->worker_bytes;
}

/* The packed weights of a worker's node. */
static inline const real *conv_packed(const struct conv_call *call, int worker)
{
	const size_t node = sgan_places_node(call->places, (size_t)worker);

	return call->packed + node * (call->packed_bytes / sizeof(real));
}

static inline struct conv_view conv_view(const struct conv_problem *problem)
{
	return conv_view_of(&problem->base, problem->operation);
}

static inline struct conv_weights_sizes conv_weights_sizes(const struct conv_problem *p)
{
	return (struct conv_weights_sizes){ &p->base, p->kernels, p->max_batch, p->slices };
}

static inline bool conv_scatters(const struct conv_problem *problem)
{
	return problem->operation == CONV_SCATTER;
}

#endif
