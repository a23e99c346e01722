/* What checks are made of: guarded memory, random values, comparison, one line of failure.
 *
 * Inputs end at the very end of a mapped page, and the page behind may not be
 * touched; outputs have canaries on both sides. A stray access becomes a failure. */
#ifndef SGAN_SELFTEST_CHECK_H
#define SGAN_SELFTEST_CHECK_H

#include "kernels/kernels.h"

enum { CHECK_SLOTS = 16, CHECK_CANARIES = 64 };

struct check_slot {
	char *map;  /* `bytes` of memory, whole pages, then the page that may not be touched; NULL: none yet */
	size_t bytes;
	void *mapping; /* what lies around that */
	size_t mapped;
	real *data; /* of an output */
	size_t count;
	bool output;
};

struct check {
	const struct sgan_kernels *tested, *oracle;
	sgan_ctx *ctx; /* of the tested instruction set */
	size_t page;   /* bytes; 0: as this machine has them. Its own where they are larger */
	uint64_t random;
	size_t used;
	struct check_slot slot[CHECK_SLOTS];
	char failure[256]; /* the first; "" while there is none */
	uint64_t hash;     /* of all results found so far */
	bool libm;         /* until check_release, results come of libm's functions: no part of the hash */
};

enum check_values {
	CHECK_INTEGERS, /* small ones: sums of their products are exact in any order */
	CHECK_REALS     /* in [-1, 1) */
};

/* Gives the memory of a check back; there is none before the first run. */
void check_close(struct check *c);

/* Runs one check; a fault inside it is its failure. */
void check_run(struct check *c, void (*run)(struct check *c));

/* Records a failure; only the first is kept. check_failed says whether there is one. */
void check_fail(struct check *c, const char *format, ...) SGAN_PRINTF(2, 3);
bool check_failed(const struct check *c);

/* A whole number in [least, most]. */
size_t check_between(struct check *c, size_t least, size_t most);
real check_value(struct check *c, enum check_values values);
void check_fill(struct check *c, enum check_values values, size_t count, real *data);
/* Now and then makes an element of data not a number. */
void check_spoil(struct check *c, size_t count, real *data);

/* An epilogue without a bias. */
struct sgan_epilogue check_epilogue(struct check *c);

/* Memory until check_release; contents are undefined. Panels (multiples of 16 values) are aligned to 64 bytes. */
real *check_input(struct check *c, size_t count);
real *check_output(struct check *c, size_t count);
uint8_t *check_input_bytes(struct check *c, size_t count);
uint32_t *check_input_labels(struct check *c, size_t count);
/* Fails if a canary has changed, and takes all memory back. */
void check_release(struct check *c, const char *what);

/* Takes results into the hash: equal bits, equal hashes, on every machine (any two that are not numbers are the same).
 * Comparisons do so with what was found. */
void check_record(struct check *c, size_t count, const real *found);
void check_record_bytes(struct check *c, size_t count, const void *found);

/* Each element the same bits (any two that are not numbers are the same); `what` starts the failure. */
void check_same(struct check *c, size_t count, const real *found, const real *expected, const char *what);
/* Each element within `terms` roundings of values about 1. */
void check_close_to(struct check *c, size_t count, const real *found, const real *expected, double terms,
                    const char *what);

/* Results of an activation: the same bits, but for the logistic function, whose exp may be another's: relatively within
 * four roundings. */
void check_activated(struct check *c, sgan_act act, size_t count, const real *found, const real *expected,
                     const char *what);

/* The rows of kernels.def in which a set has the generic set's function; calls found with each one's field. */
void check_left_generic(const struct sgan_kernels *set, void (*found)(void *arg, const char *kernel), void *arg);

/* One for each row of kernels.def. */
#define SGAN_KERNEL(field, args) void check_##field(struct check *c);
#include "kernels/kernels.def"
#undef SGAN_KERNEL

/* Operations: whole convolutions and matrix products. */
void check_convolutions(struct check *c);
void check_matrix_products(struct check *c);
void check_philox(struct check *c);

#endif
