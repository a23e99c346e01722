/* The compute kernels: one struct of function pointers per instruction set.
 *
 * A kernel works on memory that it is handed, on one thread; it knows nothing
 * of contexts, layers or files. kernels.def has a row for each. */
#ifndef SGAN_KERNELS_H
#define SGAN_KERNELS_H

#include <sgan/sgan.h>

#include "src/cpu/real.h"

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
	bool bypass;     /* dst is part of a tensor too large to stay cached: written without being fetched first */
};

/* One tap of a tile: where its source values and its weights lie, in elements. */
struct sgan_tap {
	ptrdiff_t src; /* from the row's start (gemm tile); unused by the indirect tile */
	size_t weight; /* from the packed panel's start, to the tap's weights [k][nr] */
};

/* A gather from few channels, where a whole row of the convolution's kernel, neighbours in memory, counts as one tap:
 * its sizes, and distances in the source in elements. */
struct sgan_runs {
	size_t taps, k;    /* rows of the convolution's kernel; values of one, k_w * channels */
	size_t rows, cols; /* of the destination: pixels */
	size_t n;          /* of the destination: channels */
	ptrdiff_t src_row; /* from the first value of a destination's row to that of the next row */
	ptrdiff_t src_col; /* from a destination's column to the next */
	ptrdiff_t src_tap; /* from a tap to the next */
};

/* A rectangle of pixels, of which some are inside an image: distances in elements, and the rows and columns that are
 * inside, begin .. end - 1. Its first pixel may itself be outside. */
struct sgan_window {
	ptrdiff_t row, col;
	size_t row_begin, row_end;
	size_t col_begin, col_end;
};

enum { SGAN_WINOGRAD_LEAST = 4, SGAN_WINOGRAD_MOST = 8 }; /* points on an axis */
enum { SGAN_WINOGRAD_ADDENDS = 4 };                       /* of winograd_moments, at the most */

/* What Winograd's filtering does on an axis: `size` values belong to so many points, LEAST to MOST and more than there
 * are values. points == size, less than MOST: the axis is not filtered, its points are its values. */
struct sgan_points {
	size_t points, size;
};

/* The same on both axes. Of the rows of points, only begin .. end - 1 are made or read; 0 and infinity are a row each,
 * and so are values; p and -p are not to be parted. */
struct sgan_filtering {
	struct sgan_points h, w;
	size_t begin, end;
};

/* Rows of points that come before the pairs of p and -p: 0, and infinity where their number is even. */
static inline size_t sgan_single_points(size_t points)
{
	return 2 - points % 2;
}

/* Elements that a dropout kernel makes masks for at a time. */
enum { SGAN_DROPOUT_GROUP = 128 };

/* The pixels that a weight gradient sums over, in three nested loops, and the distances between them in elements: x_
 * and y_ are X's and Y's of the base convolution. "images", "rows" and "columns" name the loops of the plain case, they
 * may be joined or exchanged (src/ops/conv/weights_walk.c). */
struct sgan_walk {
	size_t images, rows;
	size_t ranges;           /* ranges of columns, each summed by itself over images and rows; then added in order */
	const size_t *range_end; /* [ranges]: the column after a range's last; the next range begins there */
	ptrdiff_t x_image, x_row, x_col;
	ptrdiff_t y_image, y_row, y_col;
	const real *ahead;    /* what the caller reads next: with each pixel a cache line of it is fetched; it may not exist */
	ptrdiff_t ahead_step; /* from a line that is fetched to the next, in elements; 0: always the same line */
	ptrdiff_t sums_next;  /* a call fetches the lines of as many sums so far from its own; 0: its own */
};

/* A tile of the weight gradient from runs: some rows of the kernel, m values under each, n columns. */
struct sgan_wgrad_runs {
	size_t runs, m, n;
	ptrdiff_t x_run;             /* elements from a value of X to the one a row of the kernel further on */
	ptrdiff_t sums_run, ld_sums; /* from a run's sums to the next run's, from a value's to the next value's */
};

/* How operations cut their work, so that what a piece reads again stays cached on the machines that have this
 * instruction set. These belong to the set, never to the machine that happens to run it: some pieces are summed by
 * themselves, so that their sizes order sums, and the same set must give the same bits everywhere. "Flops" are
 * multiply-adds times two; times and rates are measured. A worker is one of the context's threads. */
struct sgan_blocking {
	/* Matrix products, in BLIS's names: mc rows of A and kc steps of the sum stay in the second-level cache while the
	 * panels of B, kc x nr each, go by. kc orders sums. */
	size_t kc, mc;

	/* A chunk of a convolution, forward or backward-data, has at most `most` flops, so that the last worker is not long
	 * alone. Where that makes fewer chunks than few_chunks they are made smaller, but not under `least`, which takes
	 * long against handing out a chunk (about a microsecond). */
	struct sgan_chunk_flops {
		double most, least;
	} taps_chunk, runs_chunk; /* with a matrix product for each tap; from few channels, whose sums are short */
	double few_chunks;
	double taps_panel_bytes; /* of packed weights that a chunk goes over: with its sources they stay in the second level */

	/* A weight gradient. The first five cut sums, and wgrad_step_moves can choose the algorithm: all six order sums. */
	size_t wgrad_pieces;     /* slices x chunks of a slice's channels: where they are fewer, slices are cut further */
	size_t wgrad_once_bytes; /* of a group and its sums where it is read once: half of a second-level cache of 2 MiB, so */
	                         /* that the next group finds room beside it */
	size_t wgrad_taps_bytes; /* the same where it is read again for each tap: most of that cache */
	size_t wgrad_runs_bytes; /* of a group from few channels, which is read as it lies */
	double wgrad_far_sums;   /* how much longer sums take to be read and written when they fill half of that cache */
	double wgrad_step_moves; /* time of one pixel for one row of a tile, nr multiply-adds, in values moved */
	double wgrad_chunk_moves; /* time of handing out a chunk and finding its pixels, in values moved */

	/* Winograd's filtering. The sizes order sums, and all can choose the algorithm. "Steps" are multiply-adds of full
	 * tiles that take as long. */
	size_t winograd_bytes;         /* of a block of tiles, its windows and products: what stays in the second level */
	size_t winograd_weights_bytes; /* the same of a weight gradient: a block's values and sums */
	size_t winograd_weights_block; /* tiles of a weight gradient that are mapped together, at the most */
	size_t winograd_sums_bytes;    /* of a weight gradient's chunk, its sums at a group's points, at the most */
	double winograd_src_steps;     /* to map a window to a value at a point, for each point of an axis */
	double winograd_dst_steps;     /* to map a product back */
	double winograd_taps_steps;    /* to map a sum back to taps */
	double winograd_far_steps;     /* to write and read either, where they do not stay */
	double winograd_sum_steps;     /* to write a product, or to add to it */
	double winograd_call_steps;    /* to begin and end a product of one kernel tile, its sums apart */
	double winograd_weight_steps;  /* to read a weight, once a block, where blocks are chosen; */
	double winograd_weight_mib_steps; /* where algorithms are, for each MiB of weights, */
	double winograd_weight_most;      /* at the most */
	double winograd_times;         /* what these come to is taken by a gather or scatter so many times, by measurement; */
	double winograd_weights_times; /* and by a weight gradient */

	/* Passes over the rows of a tensor. The first two order sums. */
	size_t row_chunk_elements; /* of a chunk: the two or three tensors that a pass reads stay cached for a second look */
	size_t row_chunks_most;    /* in a slice */
	size_t bypass_bytes; /* of a tensor that is written past the caches: more than the second-level caches of a few cores
	                      * hold, less than most third-level ones */
};

/* Each row's type: sgan_gemm_kernel is gemm's. */
#define SGAN_KERNEL(field, args) typedef void sgan_##field##_kernel args;
#include "kernels/kernels.def"
#undef SGAN_KERNEL

#define SGAN_KERNEL(field, args) sgan_##field##_kernel *field;
struct sgan_kernels {
	sgan_isa isa;
	size_t gemm_mr, gemm_nr;    /* rows and columns of the gemm and igemm tiles; nr is the packed panels' width */
	size_t wgrad_mr, wgrad_nr;  /* the weight-gradient tile */
	size_t wgrad_runs_sums;     /* the tile from runs: most values, of all its runs together, */
	size_t wgrad_runs_most;     /* most runs, */
	size_t wgrad_runs_nr;       /* and columns */
	size_t dots_sums, dots_vec; /* the tile of few columns: most rows times columns; elements side by side */
	struct sgan_blocking blocking;
#include "kernels/kernels.def"
};
#undef SGAN_KERNEL

/* The tables of the sets that are built. */
#define SGAN_SET(ISA, name) extern const struct sgan_kernels SGAN_SYMBOL(kernels__##name);
#define SGAN_NO_SET(ISA, name)
#include "kernels/sets.def"

#endif
