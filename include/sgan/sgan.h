/* libsgan: status codes, version, instruction sets, memory, contexts, batches.
 *
 *   sgan/conv.h   convolution, deconvolution and dense layers: plans and their three passes
 *   sgan/gemm.h   matrix products
 *   sgan/ops.h    activations, batch normalisation, pooling, losses, Adam, random numbers
 *
 * Everything that computes takes a context, which names the instruction set, the team of
 * threads and the scratch memory of one caller. What takes none is asked before there is
 * one (versions, instruction sets), lives longer (memory) or belongs to none (a plan's
 * sizes); its comment says so. The library keeps no global state but each thread's
 * last error, never prints and never exits. Any number of threads may use it at once
 * with a context each; one context serves one thread at a time. Plans do not change
 * once made: threads may share them. A context's threads stay behind in a fork: in the
 * child, calls with a context of several are refused (SGAN_EUNSUPPORTED), but for asking
 * it and ending it; it makes contexts of its own. The library blocks all signals in the
 * threads that it starts.
 *
 * Tensors belong to the caller. A function that fails leaves what it was to write as it
 * was, unless it was an exchange that failed (sgan/ops.h). A pointer may be NULL where
 * its comment says so; elsewhere a call that returns a status refuses it (SGAN_EINVAL),
 * and a call that tells something tells 0, NULL or, of an instruction set,
 * SGAN_ISA_COUNT. To end or to free NULL does nothing. */
#ifndef SGAN_SGAN_H
#define SGAN_SGAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sgan/real.h>

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

/* The version of this header; sgan_version() has the library's. Releases with the same
 * major number, and before 1.0 the same minor one, are compatible. */
#define SGAN_VERSION_MAJOR 0
#define SGAN_VERSION_MINOR 1
#define SGAN_VERSION_PATCH 0

/* What a fallible function returns. On anything but SGAN_OK sgan_last_error() says in one
 * line what was wrong. */
typedef enum sgan_status {
	SGAN_OK = 0,
	SGAN_EINVAL,       /* an argument, option or setting is wrong */
	SGAN_ENOMEM,       /* memory could not be had */
	SGAN_EIO,          /* the operating system refused: open, read, write */
	SGAN_EFORMAT,      /* a file's content is not what it must be */
	SGAN_EUNSUPPORTED, /* this machine or this build cannot do it */
	SGAN_EDIVERGED,    /* a loss, a parameter or a statistic is not finite any more */
	SGAN_EINTERRUPTED  /* the caller asked to stop; what was done is kept */
} sgan_status;

/* The calling thread's message of the last call that failed; "" before any. The text
 * belongs to the library and is valid until the thread's next call that fails. It is the
 * thread's and not a context's: a context may be what could not be made. */
SGAN_API const char *sgan_last_error(void);

/* The library's version, "0.1.0"; a static string. */
SGAN_API const char *sgan_version(void);

/* Instruction sets, from the portable one upwards. The calls about them take no context: they are for choosing one. */
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

/* Activations: y = x; x < 0 ? 0 : x; x > 0 ? x : slope * x (leaky ReLU; Maas et al., 2013); 1 / (1 + exp(-x)). */
typedef enum sgan_act { SGAN_ACT_NONE, SGAN_ACT_RELU, SGAN_ACT_LRELU, SGAN_ACT_SIGMOID } sgan_act;

/* --- memory --------------------------------------------------------------------- */

/* count * size bytes, all 0, on a 64-byte boundary, as packed weights and workspaces must begin on and tensors best do;
 * large ones ask the system for huge pages. The caller owns it and gives it back with sgan_free, on any thread. NULL:
 * the product is more than can be addressed, or memory could not be had, as sgan_last_error() says. Of 0 bytes, a
 * pointer that is good for sgan_free alone. No context: memory outlives them, and several may work on it. */
SGAN_API void *sgan_alloc(size_t count, size_t size);

/* Gives back what sgan_alloc gave, and nothing else; NULL is allowed. */
SGAN_API void sgan_free(void *memory);

/* --- contexts ------------------------------------------------------------------- */

/* An instruction set, a number of threads, scratch memory. */
typedef struct sgan_ctx sgan_ctx;

/* Where a thread of a context is to run. A node's threads follow each other, and within a node a group's. Each node,
 * and on it each group, has the share of a batch's images that it has of the threads: packed weights are there once for
 * each node, and images' memory is asked for where they are. No bit of any result depends on it. */
typedef struct sgan_thread_place {
	int node;  /* the NUMA node, as the system numbers them; negative: memory lies where it is first written */
	int group; /* threads that share a cache have the same; any number */
	const int
		*cpus;     /* [cpu_count] CPUs that it may run on, as the system numbers them; read while the context is made */
	int cpu_count; /* 0: the thread is not bound */
} sgan_thread_place;

/* What a context is told, as data: the library reads of the machine no more than it takes to fill what is left out.
 * Members that an initialiser does not name, being 0, are left out. */
typedef struct sgan_ctx_options {
	const char *isa; /* a name; NULL: the environment's SGAN_ISA, else the best */
	int threads;     /* 1 to 1024; 0: OMP_NUM_THREADS, else what the affinity mask and cgroup quota allow */
	const sgan_thread_place *places; /* [threads], of which there is then a number; NULL: one node, nothing bound */
} sgan_ctx_options;

/* Makes a context; options may be NULL, which is { NULL, 0, NULL }. The caller owns it and ends it with
 * sgan_ctx_destroy. Of its threads the calling one is the first; the others are started here, sleep between calls, and
 * end with the context. Where places say so they are bound; the calling thread too, until it ends the context (if it
 * has several that bind it, the last one first). Where the system gives fewer than were asked for, the context has those:
 * sgan_ctx_threads_missing says so. SGAN_EINVAL: unknown instruction set, a thread count out of range, places without
 * one or not in order, or ctx is NULL; SGAN_EUNSUPPORTED: this machine or build lacks that instruction set;
 * SGAN_ENOMEM. */
SGAN_API sgan_status sgan_ctx_create(const sgan_ctx_options *options, sgan_ctx **ctx);

/* Ends a context and its scratch memory; NULL is allowed. Plans made with it live on. */
SGAN_API void sgan_ctx_destroy(sgan_ctx *ctx);

/* What the context was given, or found; of NULL, SGAN_ISA_COUNT and 0. */
SGAN_API sgan_isa sgan_ctx_isa(const sgan_ctx *ctx);
SGAN_API int sgan_ctx_threads(const sgan_ctx *ctx);

/* How many threads less than it was to have could be started: a limit of processes, or of memory; 0 of NULL. */
SGAN_API int sgan_ctx_threads_missing(const sgan_ctx *ctx);

/* --- batches and slices --------------------------------------------------------- */

/* A batch: n images, cut into slices; and which slices a call is to work on. Slice s holds the images from n s / slices
 * up to n (s + 1) / slices, rounded down. Tensors are addressed as the whole batch's; a call reads and writes the
 * images of the slices begin .. end - 1 alone. What follows from a batch's size (algorithms, the grouping of sums,
 * means, counts, random numbers) follows from n and slices, never from the range: however the slices are spread over
 * calls, the bits are the same. */
typedef struct sgan_batch {
	size_t n;          /* images */
	size_t slices;     /* at least 1 */
	size_t begin, end; /* begin <= end <= slices */
} sgan_batch;

/* All slices of a batch; of 0 slices, 1. */
static inline sgan_batch sgan_whole_batch(size_t n, size_t slices)
{
	sgan_batch batch = { n, slices ? slices : 1, 0, slices ? slices : 1 };
	return batch;
}

typedef enum sgan_element { SGAN_FLOAT, SGAN_DOUBLE } sgan_element;

/* Partial sums of slices on their way to being added: of slice s, `count` elements at data + s * count. */
typedef struct sgan_partials {
	sgan_element type;
	size_t count;
	size_t slices;
	size_t begin, end; /* the slices that this caller has computed */
	void *data;        /* [slices, count] */
} sgan_partials;

/* How callers that share a batch bring together what they have summed: the library adds, in the order of slices, so that
 * all end with the bits of one caller. Its functions are called by the context's thread, outside parallel work, in the
 * same order and with the same sizes by all who share a batch, some of whom may have none of its slices; but where a
 * caller has all, nothing is exchanged, and nobody can share the batch with it. They must not use the context. Anything
 * but SGAN_OK ends the call that needed it: `finish` does not follow, and what the call was given may be freed. */
typedef struct sgan_exchange {
	void *arg; /* handed on to each */

	/* Brings partial sums: on entry those of slices begin .. end - 1 are in data, on return all are. It is also called
	 * while scatters are under way. */
	sgan_status (*gather)(void *arg, const sgan_partials *partials);

	/* For sums of many elements, as gradients of weights are: each caller adds a share of the elements and tells the
	 * others, so that few bytes need to travel, and while other work is done. All four, or none: then gather does. */

	/* This caller's elements of `all`, the partials' count: callers' shares are all of them, and no element is two
	 * callers'. */
	void (*share)(void *arg, size_t all, size_t *first, size_t *count);
	/* As gather, but of this caller's share alone, and begun; several may be. Until `finish` has returned nobody touches
	 * data but the exchange, which writes no more of it than the share of others' slices. */
	sgan_status (*scatter)(void *arg, const sgan_partials *partials);
	/* Begins to bring what the others have added up: of sums [count], this caller's share is there, and until `finish` has
	 * returned the rest is the exchange's to write. They may be a slice's in the data of a scatter that is finished. */
	sgan_status (*spread)(void *arg, sgan_element type, size_t count, void *sums);
	/* All that was begun is done; also where nothing was. */
	sgan_status (*finish)(void *arg);
} sgan_exchange;

/* The context's exchange from now on, of which it keeps a copy; NULL: none, and then calls that sum over the batch take
 * whole batches alone. SGAN_EINVAL: ctx is NULL, or some of the exchange's functions are, and not all of those that may
 * be. */
SGAN_API sgan_status sgan_ctx_set_exchange(sgan_ctx *ctx, const sgan_exchange *exchange);

#ifdef __cplusplus
}
#endif
#endif
