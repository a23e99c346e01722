/* Shared by the benchmarks: what was asked for, how times are taken, how results are printed.
 * Nothing of it is installed, and the library knows nothing of it. */
#ifndef SGAN_BENCH_BENCH_H
#define SGAN_BENCH_BENCH_H

#include <jansson.h>

#include "src/exec/ctx.h"
#include "src/sgan/objective/session.h"

struct bench_peer;

struct bench_options {
	const char *preset, *stage, *isa, *kernel, *layer; /* the last two: a part of the names wanted, or NULL */
	int pass;                                          /* an sgan_pass; SGAN_PASS_COUNT: all */
	int threads;                                       /* 0: the machine's */
	int stack;                                         /* -1: all */
	size_t batch, runs;
	bool json;
	bool packing;        /* layers: another ratio, with the time that both take to pack weights */
	bool all_algorithms; /* layers: a row for each that fits, not only for the plan's choice */
};

struct bench {
	sgan_ctx *ctx;
	struct sgan_preset *preset;    /* NULL: what is timed belongs to none */
	const struct bench_peer *peer; /* or NULL */
	struct bench_options options;
};

/* Ends the program with "sgan-bench: what: the library's last error" when status is not SGAN_OK, with exit code 1;
 * fail always. */
void bench_check(sgan_status status, const char *what);
_Noreturn void bench_fail(const char *format, ...) SGAN_PRINTF(1, 2);

/* Starts the program anew with the same arguments and the environment as it is now: for libraries that read theirs
 * when they are loaded. */
_Noreturn void bench_start_anew(void);

/* --- the benchmarks, a file each --- */

void bench_kernels(struct bench *b);
void bench_layers(struct bench *b);
void bench_gemm(struct bench *b);
void bench_step(struct bench *b);
void bench_sample(struct bench *b);
void bench_threads(struct bench *b);
void bench_scale(struct bench *b);
void bench_bytes(struct bench *b);

/* --- models and data to step with (model.c) --- */

struct bench_batch {
	size_t n;
	real *x; /* [n, height, width, channels] */
	uint32_t *labels;
};
struct bench_batch bench_make_batch(const struct bench *b);
void bench_free_batch(struct bench_batch *batch);

/* With weights drawn as for training; the caller ends it with sgan_model_destroy. */
struct sgan_model *bench_make_model(const struct bench *b, bool trained);

/* --- times (measure.c) --- */

/* The loops of peak_*.c: `rounds` rounds of fused multiply-adds; *flop receives the operations done. */
float bench_peak_avx2(size_t rounds, double *flop);
float bench_peak_avx512(size_t rounds, double *flop);
float bench_peak_neon(size_t rounds, double *flop);

/* GFLOP/s of fused multiply-adds on all threads of ctx, the best of several runs; 0: no such loop for its
 * instruction set. */
double bench_peak(sgan_ctx *ctx);

/* Seconds of a monotonic clock. */
double bench_now(void);

/* The median of count times, which it sorts. */
double bench_median(double *times, size_t count);

/* Bytes of operands that are used in rotation: more than a core's own caches hold. */
enum { BENCH_ROTATION = 64 << 20 };

/* Classes of presets that leave them to a dataset, as no benchmark has one: MNIST's, and CIFAR-10's. */
enum { BENCH_CLASSES = 10 };

/* One of several that do the same work. */
struct bench_contender {
	void (*run)(void *arg, size_t round);
	void *arg;
	bool own_threads; /* it has a thread pool of its own, beside the library's */
	double seconds;   /* result: the median */
};

/* Times the contenders in turn, run by run, after warm-up, until each has --runs times or more; between them, loops of
 * the peak, whose median is returned (GFLOP/s; 0: there is none): the machine's clock drifts, and hits all alike. */
double bench_contest(const struct bench *b, struct bench_contender *contenders, size_t count);

/* The same at another pace. */
struct bench_pace {
	double seconds;       /* that it goes on for, at the least */
	size_t peak_rounds;   /* of one of the peak's loops */
	double peak_interval; /* seconds from one loop to the next; the first ten runs have one each */
};
double bench_contest_at(const struct bench *b, const struct bench_pace *pace, struct bench_contender *contenders,
                        size_t count);

/* Waits until threads that wait for work have stopped spinning, on cores that another pool's threads need next. main
 * sees to it that they soon do. */
void bench_let_threads_sleep(void);

/* --- what there is to time (networks.c, work.c) --- */

enum { BENCH_NAME = 2 * SGAN_NAME + 1 };

/* A layer's name with its network's, as in the paper, with a capital: "encoder" is E, "g0" G0. */
void bench_name_layer(const char *net, const char *layer, char name[BENCH_NAME]);

/* A linear layer of a preset's networks. */
struct bench_layer {
	char name[BENCH_NAME]; /* "G0.deconv1" */
	char shape[64];        /* "deconv 5x5->10x10 k5 s2 256->256" */
	bool dense;
	sgan_conv_desc desc; /* without activation */
	double work;         /* multiply-adds per image, the same in all passes */
};

enum { BENCH_LAYERS = (2 * SGAN_STACKS_MAX + 1) * SGAN_LAYERS };

/* The linear layers of all networks: encoder, then generator and discriminator of each stack. Returns their number. */
size_t bench_list_layers(const struct sgan_preset *preset, size_t batch, struct bench_layer layers[BENCH_LAYERS]);

/* "forward", "backward-data", "backward-weights"; on the command line "fwd", "bwd-data", "bwd-weights". */
extern const char *const bench_pass_names[SGAN_PASS_COUNT], *const bench_pass_options[SGAN_PASS_COUNT];

/* Multiply-adds per image of a linear layer: output pixels x taps x channels in x channels out of a convolution, input
 * pixels x ... of a deconvolution, so taps on padding count and zeros between strides do not. */
double bench_layer_work(const struct sgan_layer_desc *layer, const size_t in[3], const size_t out[3]);

/* The same of a network's linear layers together. */
struct bench_work {
	double forward;
	double first; /* of the layers that read inputs alone: a backward pass without input gradients leaves them out */
};
struct bench_work bench_net_work(const struct sgan_net_desc *desc);

/* FLOP per image of what a stage does to a batch, by the passes that it needs: no D weight gradients in a G step, no
 * image gradient in a D step, E(x) once. */
struct bench_step_work {
	double batch;  /* E(x), of a GAN's stage */
	double first;  /* the encoder's step, its forward pass included, or a D step */
	double second; /* a G step */
};
struct bench_step_work bench_step_work(const struct sgan_preset *preset, enum sgan_stage stage, int stack);
double bench_sample_work(const struct sgan_preset *preset);

/* --- results (report.c): a table for people, or objects, one a line --- */

/* CPU, instruction set, threads, versions, peak. Returns that peak. */
double bench_print_header(const struct bench *b, const char *what);

/* The peak once more, and how far it has drifted from the header's. */
void bench_print_drift(const struct bench *b, double peak);

/* What columns of text tables are called. */
void bench_print_columns(const struct bench *b, const char *first, bool algorithms);

/* A row: `object` (which it takes) says what was timed; added are ms, gflops, percent_of_peak, and peer, peer_ms and
 * ratio where peer_seconds is not 0. `title` is the row's in the table for people. */
struct bench_row {
	const char *title, *pass;
	const char *algorithm;  /* a plan's for the pass; NULL: there is no such column */
	double seconds, flop;   /* flop 0: nothing to count */
	double peak;            /* GFLOP/s, 0: unknown */
	double images;          /* for images/s; 0: none */
	double share;           /* of the whole that it is a part of, 0 to 1; 0: none */
	const char *peer, *how; /* the peer's name, and how it went about it; or NULL */
	double peer_seconds;
	double packing, peer_packing; /* seconds to be added to those above where packing is counted; 0: nothing to pack */
};
void bench_print_row(const struct bench *b, const struct bench_row *row, json_t *object);

/* A line of JSON; it takes the object. */
void bench_print_object(json_t *object);

/* A line under a table; in JSON the object alone. */
void bench_print_summary(const struct bench *b, json_t *object, const char *format, ...) SGAN_PRINTF(3, 4);

#endif
