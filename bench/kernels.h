/* What the benchmark of single kernels knows of each: a row for every row of kernels.def. A row has typical shapes; how
 * a shape's operands lie in memory; how much work a call is; and the call. */
#ifndef SGAN_BENCH_KERNELS_H
#define SGAN_BENCH_KERNELS_H

#include "bench/bench.h"
#include "kernels/kernels.h"

enum { KERNEL_SIZES = 5, KERNEL_SHAPES = 4, KERNEL_OPERANDS = 10 };

/* A size that describe() cuts to the set's own, with kernel_cut: all rows or columns of a tile. */
#define KERNEL_WHOLE SIZE_MAX

struct kernel_shape {
	size_t size[KERNEL_SIZES]; /* what they mean the row says; 0 ends a list of shapes */
	sgan_act act;
	bool bypass;
};

/* A shape of a kernel of a set. Operands are filled with reals in [-1, 1) and lie at 64-byte boundaries; there are many
 * copies of them, which calls use in turn. */
struct kernel_case {
	const struct sgan_kernels *set;
	struct kernel_shape shape;
	size_t operands, place[KERNEL_OPERANDS]; /* their number; bytes from the first one's beginning */
	size_t stride;                           /* bytes from a copy of all to the next */
	double bytes;                            /* that a call reads and writes: an operand that it updates counts twice */
	double flop;                             /* of a call; 0: memory is what takes its time, or it has no such count */
};

struct bench_kernel {
	const char *sizes[KERNEL_SIZES];
	struct kernel_shape shapes[KERNEL_SHAPES + 1];

	/* Cuts sizes, adds operands, counts floating-point operations. */
	void (*describe)(struct kernel_case *c);

	/* Gives one copy's operands values that reals in [-1, 1) will not do for; NULL: they do. */
	void (*prepare)(const struct kernel_case *c, void *const operand[]);

	void (*call)(const struct kernel_case *c, void *const operand[]);
};

/* For describe(): the next operand, of so many reals or bytes, is read, written, or read and written. */
void kernel_reads(struct kernel_case *c, size_t count);
void kernel_writes(struct kernel_case *c, size_t count);
void kernel_updates(struct kernel_case *c, size_t count);
void kernel_reads_bytes(struct kernel_case *c, size_t bytes);
void kernel_writes_bytes(struct kernel_case *c, size_t bytes);

/* size becomes the most that there may be of it, if it is more. */
void kernel_cut(size_t *size, size_t most);

/* One for each row of kernels.def: the program does not link without it. */
#define SGAN_KERNEL(field, args) extern const struct bench_kernel bench_kernel_##field;
#include "kernels/kernels.def"
#undef SGAN_KERNEL

#endif
