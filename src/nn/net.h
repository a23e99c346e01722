/* Networks: a description (data), the graph built from it, its parameters, and tapes of activations.
 *
 * A network is a directed acyclic graph of layers with named inputs and one or more heads. The graph
 * (sgan_net) is immutable; parameters (sgan_params) and activations (sgan_tape) live apart, so that two
 * tapes may be alive at once: a discriminator on real and on generated images. Knows nothing of GANs. */
#ifndef SGAN_NN_NET_H
#define SGAN_NN_NET_H

#include <sgan/conv.h>

#include "src/cpu/real.h"

enum { SGAN_NAME = 32, SGAN_LAYERS = 48, SGAN_HEADS = 4, SGAN_PARAM_NAME = 80 };

enum sgan_layer_kind {
	SGAN_LAYER_INPUT,   /* shape [h, w, c], or [1, 1, c] of a vector */
	SGAN_LAYER_CONV,    /* out, kernel, stride, pad */
	SGAN_LAYER_DECONV,  /* out, kernel, stride, pad, out_pad */
	SGAN_LAYER_DENSE,   /* out; takes all of the source's h * w * c values */
	SGAN_LAYER_MAXPOOL, /* kernel: windows that do not overlap */
	SGAN_LAYER_AVGPOOL, /* of all pixels: [h, w, c] becomes [1, 1, c] */
	SGAN_LAYER_CONCAT,  /* from[0], from[1]: vectors, one behind the other */
	SGAN_LAYER_NOISE,   /* sigma: adds Gaussian noise in training, nothing in inference */
	SGAN_LAYER_DROPOUT, /* rate: inverted dropout in training, nothing in inference */
	SGAN_LAYER_KINDS
};

/* "input", "conv", ... by kind; NULL ends it. */
extern const char *const sgan_layer_kind_names[SGAN_LAYER_KINDS + 1];

/* Whether a kind has weights: convolution, deconvolution, dense. */
bool sgan_layer_is_linear(enum sgan_layer_kind kind);

/* A layer as a preset states it. Convolutions, deconvolutions and dense layers may be followed by batch
 * normalisation (then they have no bias) and an activation, which belong to the layer. */
struct sgan_layer_desc {
	char name[SGAN_NAME];
	enum sgan_layer_kind kind;
	char from[2][SGAN_NAME]; /* the sources; from[0] "" is the layer before this one */
	size_t shape[3];         /* of an input; elsewhere what the output is viewed as (same count), or zeros */
	size_t out, kernel, stride, pad, out_pad;
	bool bias, bn;
	sgan_act act;
	double slope;  /* of SGAN_ACT_LRELU */
	double sigma;  /* of SGAN_LAYER_NOISE: standard deviation */
	double rate;   /* of SGAN_LAYER_DROPOUT: the share that is dropped, rounded to 1/65536 */
	unsigned line; /* where the description was read, 0: nowhere */
};

/* Which algorithm convolutions and deconvolutions take: what their plans choose; one that does all of the sums'
 * products; Winograd's wherever it fits, otherwise what plans choose. */
enum sgan_net_algorithm { SGAN_NET_AUTO, SGAN_NET_DIRECT, SGAN_NET_WINOGRAD, SGAN_NET_ALGORITHMS };

/* "auto", "direct", "winograd"; NULL ends it. */
extern const char *const sgan_net_algorithm_names[SGAN_NET_ALGORITHMS + 1];

struct sgan_net_desc {
	char name[SGAN_NAME];   /* parameters are called <name>.<layer>.weight, .bias, .gain, .shift, .mean, .var */
	char source[SGAN_NAME]; /* the preset's name, for messages */
	size_t layer_count;
	struct sgan_layer_desc layers[SGAN_LAYERS]; /* sources come before their users */
	size_t head_count;
	char heads[SGAN_HEADS][SGAN_NAME]; /* what losses are taken of; none: the last layer */
	double bn_epsilon, bn_momentum;
	enum sgan_net_algorithm algorithm; /* of its convolutions */
	size_t open_size; /* a size that stands for the number of classes while nobody knows it: messages say "classes"; 0:
	                     none does */
};

/* Works out every layer's output shape [h, w, c] and checks the description: names unique and known, sizes
 * positive and addressable, kernels that fit. SGAN_EINVAL: "<source>:<line>: <name>: layer 'conv2': what came in, what
 * was expected". */
sgan_status sgan_net_shapes(const struct sgan_net_desc *desc, size_t shapes[SGAN_LAYERS][3]);

enum { SGAN_SHAPE_TEXT = 72, SGAN_FLOW_TEXT = 256 };

/* A shape for messages: "7x7x32", of a vector "256 values". Returns text. */
const char *sgan_shape_text(const struct sgan_net_desc *desc, const size_t shape[3], char text[SGAN_SHAPE_TEXT]);

/* What goes into layer i and comes out: "takes 7x7x32 from 'conv2' and gives 256 values", of an input "takes 256
 * values". Returns text. */
const char *sgan_flow_text(const struct sgan_net_desc *desc, size_t shapes[SGAN_LAYERS][3], size_t i,
                           char text[SGAN_FLOW_TEXT]);

/* The index of a layer by name, and of a layer's source number 0 or 1; -1: there is none. */
int sgan_net_desc_find(const struct sgan_net_desc *desc, const char *name);
int sgan_net_desc_source(const struct sgan_net_desc *desc, size_t layer, unsigned which);

/* How many values a layer learns: weights, bias, gain, shift. `shapes` is what sgan_net_shapes worked out. */
size_t sgan_net_desc_parameters(const struct sgan_net_desc *desc, size_t layer, size_t shapes[SGAN_LAYERS][3]);

/* The part of a chain behind layer `from` ("" : from the input on) up to layer `to`, as a network whose one
 * input, called "h", is that layer's output and whose head is `to`. */
sgan_status sgan_net_desc_cut(const struct sgan_net_desc *desc, const char *from, const char *to,
                              struct sgan_net_desc *part);

struct sgan_net;

/* Builds the graph and its plans for batches of up to max_batch images, cut into `slices` (at least 1), to be used with
 * contexts of as many threads as ctx or fewer, and as many NUMA nodes, that exchange partial sums only if ctx does. ctx
 * lives until the last tape and parameters of the network have been made, and the last pass. */
sgan_status sgan_net_create(sgan_ctx *ctx, const struct sgan_net_desc *desc, size_t max_batch, size_t slices,
                            struct sgan_net **net);
void sgan_net_destroy(struct sgan_net *net);
const struct sgan_net_desc *sgan_net_desc(const struct sgan_net *net);

/* The index of a layer by name; -1: there is none. Values a layer gives per image. */
int sgan_net_find(const struct sgan_net *net, const char *layer);
size_t sgan_net_size(const struct sgan_net *net, int layer);

/* One parameter tensor, or a running statistic. */
struct sgan_param {
	char name[SGAN_PARAM_NAME];
	size_t rank, shape[4], count;
	size_t fan_in;  /* of a weight: values that one output sums over (a deconvolution: over all its taps) */
	size_t fan_out; /* of a weight: values that one input is summed into; in_c or out_c times the kernel's area, both */
	bool weight;    /* initialised at random; a bias, shift, mean starts at 0, a gain or variance at 1 */
	bool trainable; /* false: a running statistic, with no gradient and moments */
	real *value;
	real *grad, *m, *v; /* gradient and Adam's moments; NULL when not trainable, or made without */
};

struct sgan_params;

/* Parameters of a network, zeroed gains apart; with gradients and moments if `trained`. */
sgan_status sgan_params_create(const struct sgan_net *net, bool trained, struct sgan_params **params);
void sgan_params_destroy(struct sgan_params *params);
bool sgan_params_trained(const struct sgan_params *params); /* they have gradients and moments */
size_t sgan_params_count(const struct sgan_params *params);
struct sgan_param *sgan_params_at(struct sgan_params *params, size_t i);
struct sgan_param *sgan_params_find(struct sgan_params *params, const char *name); /* or NULL */

/* To be called when values changed: they are packed anew when next used. */
void sgan_params_changed(struct sgan_params *params);
/* All gradients count as 0. Those of pointers to parameters got before are to be read after the next backward pass. */
void sgan_params_clear_grads(struct sgan_params *params);
void sgan_params_clear_moments(struct sgan_params *params);

/* Values of the same network: `average` moves by a share 1 - decay of the way to those of `params`; with decay 0 it
 * becomes their copy, running statistics included, which else stay as they are. */
void sgan_params_average(sgan_ctx *ctx, const struct sgan_params *params, double decay, struct sgan_params *average);

/* Running statistics as they were at first: means 0, variances 1. */
void sgan_params_clear_statistics(struct sgan_params *params);

/* Adam's step number t (from 1) over all trainable values, from their gradients. */
struct sgan_adam;
sgan_status sgan_params_adam(sgan_ctx *ctx, struct sgan_params *params, const struct sgan_adam *adam, uint64_t t);

struct sgan_tape;

/* Room for one forward pass's activations; with gradients if `backward`. */
sgan_status sgan_tape_create(const struct sgan_net *net, bool backward, struct sgan_tape **tape);
void sgan_tape_destroy(struct sgan_tape *tape);

/* Sets what an input layer reads: [n, shape], not copied, to stay valid until the backward pass is done. */
void sgan_tape_input(struct sgan_tape *tape, int layer, const real *values);

/* Where the noise and masks of the passes to come are drawn from, to be told before a forward pass in training: the
 * numbers are a function of (seed, stream, step, layer, element). Streams leave their high byte 0, for the layer. */
void sgan_tape_random(struct sgan_tape *tape, uint64_t seed, uint32_t stream, uint64_t step);

/* The sigma or rate of each layer of noise or dropout from the next forward pass on, instead of the description's and
 * within the same bounds; what other layers have there is not looked at. At 0 a layer hands on its source's values. */
void sgan_tape_strengths(struct sgan_tape *tape, const double strengths[SGAN_LAYERS]);

/* A layer's output [n, shape] after a forward pass. */
const real *sgan_tape_value(const struct sgan_tape *tape, int layer);

/* A layer's gradient [n, shape]: of a head, to be added to between forward and backward (the forward pass
 * clears it); of an input, what a backward pass with that input wanted leaves. */
real *sgan_tape_grad(struct sgan_tape *tape, int layer);

enum sgan_mode {
	SGAN_INFER,        /* batch normalisation by running statistics */
	SGAN_TRAIN,        /* by the batch's */
	SGAN_TRAIN_RUNNING /* by the batch's, which move the running ones */
};

/* A batch of n <= max_batch images, in the net's slices, through the network: the images of its range, from whose
 * places in the inputs their outputs follow, at the same places. Statistics are the whole batch's. */
sgan_status sgan_net_forward(sgan_ctx *ctx, const struct sgan_net *net, struct sgan_params *params,
                             struct sgan_tape *tape, sgan_batch batch, enum sgan_mode mode);

/* The way back over the same tape and range, from the heads' gradients, which it overwrites. With want_weights the
 * parameters' gradients are added to, with the whole batch's; want_input (-1: none) is the input layer whose gradient
 * is wanted. */
sgan_status sgan_net_backward(sgan_ctx *ctx, const struct sgan_net *net, struct sgan_params *params,
                              struct sgan_tape *tape, bool want_weights, int want_input);

#endif
