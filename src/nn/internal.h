/* The inside of networks, parameters and tapes, for src/nn alone. */
#ifndef SGAN_NN_INTERNAL_H
#define SGAN_NN_INTERNAL_H

#include "src/exec/places.h"
#include "src/nn/net.h"
#include "src/ops/conv/left.h"
#include "src/ops/ops.h"

/* A layer of the graph. */
struct sgan_node {
	int source[2];   /* the layers it reads; -1: none */
	size_t shape[3]; /* [h, w, c] of the output */
	size_t size;     /* h * w * c */
	size_t pixels;   /* rows of batch normalisation and bias per image, `channels` values each */
	size_t channels;
	bool is_head;
	sgan_conv_plan *plan; /* of a linear layer */
	struct sgan_bn bn;
	int weight, bias, gain, shift, mean, var; /* places in the parameter list; -1: none */
	size_t packed_offset[SGAN_PASS_COUNT];    /* bytes into sgan_params.packed, where a copy for each node is */
	size_t packed_bytes[SGAN_PASS_COUNT];     /* of one */
	size_t partials_offset;                   /* bytes into sgan_params.partials */
};

struct sgan_net {
	struct sgan_net_desc desc;
	size_t max_batch, slices;
	int threads; /* of the contexts that the workspace suffices for, at most */
	const struct sgan_places *places; /* where its memory goes: those of its context, which outlives it */
	bool exchanges; /* it suffices for contexts that exchange partial sums, too */
	struct sgan_node nodes[SGAN_LAYERS];
	size_t param_count, packed_size, workspace_size, partials_size;
};

struct sgan_params {
	const struct sgan_net *net;
	size_t count;
	struct sgan_param *list;
	real *values;                        /* one block: values, and where trained gradients and moments */
	size_t value_count, trainable_count; /* running statistics lie behind the trainable ones */
	bool trained;
	char *packed;
	char *partials; /* of weights' gradients, on their way while the backward pass goes on; NULL: nobody exchanges */
	size_t fresh[SGAN_LAYERS][SGAN_PASS_COUNT]; /* packed holds what value holds, for so many nodes */
	bool cleared[SGAN_LAYERS];                  /* the gradient of the layer's weights counts as 0, whatever it holds */
};

struct sgan_activation {
	const real *value; /* an input's is the caller's */
	real *own;         /* the memory behind value, unless an input */
	real *grad;
	real *linear; /* before batch normalisation */
	real *mean, *inv_std;
	uint8_t *which; /* winners of max pooling */
};

struct sgan_tape {
	const struct sgan_net *net;
	sgan_batch batch; /* of the last forward pass */
	enum sgan_mode mode;
	bool backward;
	struct sgan_activation at[SGAN_LAYERS];
	double strength[SGAN_LAYERS]; /* sigma of noise, rate of dropout */
	struct sgan_random random;
	bool random_set;
	real *spare; /* a gradient on its way to be added to another */
	char *workspace;
};

/* Whether a layer's weight gradient is to be added to what is there; it is there from now on. */
bool sgan_params_accumulate(struct sgan_params *params, int layer);

/* Writes the zeros of weight gradients that were cleared and that no pass has written. */
void sgan_params_settle(struct sgan_params *params);

/* Whether a layer of noise or dropout leaves values and gradients as they are. */
static inline bool sgan_tape_hands_on(const struct sgan_tape *tape, int layer)
{
	return tape->mode == SGAN_INFER || !(tape->strength[layer] > 0);
}

/* A layer's own random numbers on a tape. */
struct sgan_random sgan_tape_layer_random(const struct sgan_tape *tape, int layer);

/* The layer's packed weights for a pass, packed now if they changed. */
sgan_status sgan_params_packed(sgan_ctx *ctx, struct sgan_params *params, int layer, sgan_pass pass,
                               const void **packed);

#endif
