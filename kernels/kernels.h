/* The compute kernels: one struct of function pointers per instruction set.
 *
 * A kernel works on memory that it is handed, on one thread; it knows nothing
 * of contexts, layers or files. kernels.def has a row for each. */
#ifndef SGAN_KERNELS_H
#define SGAN_KERNELS_H

#include <sgan/sgan.h>

typedef sgan_real real;

#ifdef SGAN_REAL_DOUBLE
#define SGAN_TYPE f64
#else
#define SGAN_TYPE f32
#endif

/* SGAN_SYMBOL(igemm_14x32__avx512) is sgan_f32_igemm_14x32__avx512. */
#define SGAN_PASTE_(type, name) sgan_##type##_##name
#define SGAN_PASTE(type, name) SGAN_PASTE_(type, name)
#define SGAN_SYMBOL(name) SGAN_PASTE(SGAN_TYPE, name)

/* What a tile does to its sums while they are still in registers. */
struct sgan_epilogue {
	const real *bias; /* [n], or NULL */
	sgan_act act;
	real slope;      /* of SGAN_ACT_LRELU */
	bool accumulate; /* add to what dst holds instead of overwriting it (before bias and activation) */
	bool stream;     /* dst is part of a tensor too large to stay cached: written without being fetched first */
};

/* One tap of a tile: where its source values and its weights lie, in elements. */
struct sgan_tap {
	ptrdiff_t src; /* from the row's start (gemm tile); unused by the indirect tile */
	size_t weight; /* from the packed panel's start, to the tap's [k][nr] block */
};

/* A gather from few channels: its sizes, and distances in elements. */
struct sgan_runs {
	size_t taps, k;                     /* runs of a sum; values of a run */
	size_t rows, cols, n;               /* of the destination */
	ptrdiff_t src_row, src_col, src_tap; /* from a destination's row, column to the next; from run to run */
};

/* Elements that a dropout kernel makes masks for at a time. */
enum { SGAN_DROPOUT_GROUP = 128 };

/* The pixels that a weight gradient sums over, and the distances between them in elements. */
struct sgan_walk {
	size_t images, rows;
	size_t parts;           /* of every row; each part's pixels are summed by themselves, then the parts in order */
	const size_t *part_end; /* [parts]: the column after a part's last; the next part begins there */
	ptrdiff_t src_image, src_row, src_col;
	ptrdiff_t diff_image, diff_row, diff_col;
	const real *ahead; /* what will be read next: with each pixel one cache line more of it is asked for, so that it */
	ptrdiff_t ahead_step; /* comes closer meanwhile; it need not be there. A step of 0: nothing new. */
};

#define SGAN_KERNEL(field, generic, avx2, avx512, args) void(*field) args;
struct sgan_kernels {
	sgan_isa isa;
	size_t gemm_mr, gemm_nr;   /* rows and columns of the gemm and igemm tiles; nr is the packed panels' width */
	size_t wgrad_mr, wgrad_nr; /* the weight-gradient tile */
	size_t dots_sums, dots_vec; /* the tile of few columns: most rows times columns; elements side by side */
#include "kernels/kernels.def"
};
#undef SGAN_KERNEL

/* One table per instruction set that is built; the float library has them all,
 * the double one the generic one. */
extern const struct sgan_kernels SGAN_SYMBOL(kernels__generic);
#ifndef SGAN_REAL_DOUBLE
extern const struct sgan_kernels SGAN_SYMBOL(kernels__avx2);
extern const struct sgan_kernels SGAN_SYMBOL(kernels__avx512);
#endif

#endif
