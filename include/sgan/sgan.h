/* libsgan: status codes, version, instruction sets, contexts.
 *
 *   sgan/conv.h   convolution, deconvolution and dense layers: plans and their three passes
 *   sgan/gemm.h   matrix products
 *   sgan/ops.h    activations, batch normalisation, pooling, losses, Adam, random numbers
 *
 * Everything takes a context, which names the instruction set, the team of threads and
 * the scratch memory of one caller. The library keeps no global state but each thread's
 * last error, never prints and never exits. Any number of threads may use it at once
 * with a context each; one context serves one thread at a time. Plans do not change
 * once made: threads may share them. A process forked from one that has used a context
 * of several threads must keep to contexts of one: OpenMP's team does not survive a fork.
 *
 * Tensors belong to the caller. A function that fails leaves what it was to write as it
 * was. */
#ifndef SGAN_SGAN_H
#define SGAN_SGAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined __GNUC__
#define SGAN_API __attribute__((visibility("default")))
#define SGAN_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define SGAN_API
#define SGAN_PRINTF(fmt, args)
#endif

/* The element type of every tensor. It is float in the installed library; the
 * tests also compile the same sources with double, where finite differences
 * can tell a right gradient from a nearly right one. */
#ifdef SGAN_REAL_DOUBLE
typedef double sgan_real;
#else
typedef float sgan_real;
#endif

/* The version of this header; sgan_version() has the library's. Releases with the same
 * major number, and before 1.0 the same minor one, are compatible. */
#define SGAN_VERSION_MAJOR 0
#define SGAN_VERSION_MINOR 1
#define SGAN_VERSION_PATCH 0

/* What a fallible function returns. On anything but SGAN_OK the outputs are
 * untouched and sgan_last_error() says in one line what was wrong. */
typedef enum sgan_status {
	SGAN_OK = 0,
	SGAN_EINVAL,       /* an argument, option or setting is wrong */
	SGAN_ENOMEM,       /* memory could not be had */
	SGAN_EIO,          /* the operating system refused: open, read, write */
	SGAN_EFORMAT,      /* a file's content is not what it must be */
	SGAN_EUNSUPPORTED, /* this machine or this build cannot do it */
	SGAN_EDIVERGED,    /* a loss is not finite any more */
	SGAN_EINTERRUPTED  /* the caller asked to stop; what was done is kept */
} sgan_status;

/* The calling thread's message of the last call that failed; "" before any. The text
 * belongs to the library and is valid until the thread's next call that fails. */
SGAN_API const char *sgan_last_error(void);

/* The library's version, "0.1.0"; a static string. */
SGAN_API const char *sgan_version(void);

/* Instruction sets, from the portable one upwards. */
typedef enum sgan_isa {
	SGAN_ISA_GENERIC,
	SGAN_ISA_AVX2,   /* x86-64 with AVX2 and FMA */
	SGAN_ISA_AVX512, /* x86-64 with AVX-512 F, BW, DQ and VL */
	SGAN_ISA_NEON,   /* AArch64 */
	SGAN_ISA_COUNT
} sgan_isa;

/* "generic", "avx2", "avx512", "neon"; "unknown" for what is none of these. Static strings. */
SGAN_API const char *sgan_isa_name(sgan_isa isa);

/* Reads such a name into *isa. SGAN_EINVAL: no such name, or a pointer is NULL. */
SGAN_API sgan_status sgan_isa_parse(const char *name, sgan_isa *isa);

/* Whether this build has kernels for isa; and whether this machine can also run them. */
SGAN_API bool sgan_isa_built(sgan_isa isa);
SGAN_API bool sgan_isa_usable(sgan_isa isa);

/* The best instruction set that is built and usable. */
SGAN_API sgan_isa sgan_isa_best(void);

/* Activations: y = x; max(x, 0); x > 0 ? x : slope * x (leaky ReLU; Maas et al., 2013); 1 / (1 + exp(-x)). */
typedef enum sgan_act { SGAN_ACT_NONE, SGAN_ACT_RELU, SGAN_ACT_LRELU, SGAN_ACT_SIGMOID } sgan_act;

/* An instruction set, a number of threads, scratch memory. */
typedef struct sgan_ctx sgan_ctx;

typedef struct sgan_ctx_options {
	const char *isa; /* a name; NULL: the environment's SGAN_ISA, else the best */
	int threads;     /* 1 to 1024; 0: OMP_NUM_THREADS, else what the affinity mask and cgroup quota allow */
} sgan_ctx_options;

/* Makes a context; options may be NULL, which is { NULL, 0 }. The caller owns it and ends it with sgan_ctx_destroy. Of
 * its threads the calling one is the first; OpenMP starts the others with the first call that has work for them, and
 * keeps them until the calling thread ends.
 * SGAN_EINVAL: unknown instruction set, a thread count out of range, or ctx is NULL; SGAN_EUNSUPPORTED: this machine or
 * build lacks that instruction set; SGAN_ENOMEM. */
SGAN_API sgan_status sgan_ctx_create(const sgan_ctx_options *options, sgan_ctx **ctx);

/* Ends a context and its scratch memory; NULL is allowed. Plans made with it live on. */
SGAN_API void sgan_ctx_destroy(sgan_ctx *ctx);

/* What the context was given, or found. */
SGAN_API sgan_isa sgan_ctx_isa(const sgan_ctx *ctx);
SGAN_API int sgan_ctx_threads(const sgan_ctx *ctx);

#ifdef __cplusplus
}
#endif
#endif
