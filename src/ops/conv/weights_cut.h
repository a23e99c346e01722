/* How the sum of a weight gradient is cut, chosen when the plan is made. What orders a sum (pieces and groups) follows
 * from the plan and the batch. A call may use more chunks of channels than the cut (the grid below); that changes no
 * bit.
 *
 *   batch > slice > piece > group > tile and tap
 *
 * The batch's slices are summed by themselves. Where there is too little to do at the same time, a slice is cut into
 * pieces, which are summed by themselves too. A piece's pixels are summed group by group: a group is some whole images,
 * or a band of one image's rows. Of X's and Y's channels a chunk takes some. */
#ifndef SGAN_OPS_CONV_WEIGHTS_CUT_H
#define SGAN_OPS_CONV_WEIGHTS_CUT_H

#include "kernels/kernels.h"
#include "src/ops/conv/lower.h"

/* The gradient as a matrix for each tap: `values` rows of y_c columns, in tiles of mr x nr. */
struct conv_weights_shape {
	size_t values, taps;  /* X's under a tap, and taps: x_c and all taps, or w.kernel * x_c and h.kernel */
	size_t mr, nr;        /* the kernel's tile, of one tap */
	size_t runs;          /* most taps that a kernel call sums: 1, or kernel rows */
	size_t tiles, panels; /* values in tiles of mr, y_c in panels of nr */
	size_t x_pitch;       /* elements of a copied pixel of a tile */
	bool kernel_rows;     /* taps are kernel rows of padded X; else single ones, a group's pixels copied first */
};

struct conv_weights_cut {
	struct conv_weights_shape shape;
	size_t pieces;             /* of each slice */
	bool apart;                /* pieces of all slices are summed at the same time, each into memory of its own; else
	                            * there is one piece a slice, and slices are summed in turn */
	size_t images;             /* of a group; 0: a group is a band of one image */
	size_t bands;              /* of an image */
	size_t x_chunks, y_chunks; /* of channels: as many as it takes that a group and its sums fit the cache */
	double sum_passes;         /* times that the sums are read and written: once for each group in the batch, and
	                            * wgrad_far_sums times where they do not stay cached */
};

/* What a cut is found for: a struct conv_problem's sizes (algorithm.h includes this file). */
struct conv_weights_sizes {
	const struct conv_base *base;
	const struct sgan_kernels *kernels;
	size_t max_batch, slices;
};

/* Of kernel rows as taps, or of single taps. */
struct conv_weights_shape sgan_weights_shape(const struct conv_weights_sizes *sizes, bool kernel_rows);

/* The cut into groups that is expected to take the least time. */
struct conv_weights_cut sgan_weights_cut(const struct conv_weights_sizes *sizes, bool kernel_rows);

/* Of a cut, pieces and apart alone, where a slice's channels are summed in `chunks` chunks. */
void sgan_weights_cut_slices(const struct conv_weights_sizes *sizes, size_t chunks, struct conv_weights_cut *cut);

/* Whether such a cut keeps pieces apart. */
bool sgan_weights_apart(const struct conv_weights_sizes *sizes);

/* The cut of a plain matrix product, a row of X and Y for each pixel: no groups, tiles are summed slice after slice. */
struct conv_weights_cut sgan_weights_cut_matrix(const struct conv_weights_sizes *sizes);

/* Expected time, as the number of multiply-adds that full tiles do in it. A matrix product moves less (`matrix`). */
double sgan_weights_cost(const struct conv_weights_sizes *sizes, const struct conv_weights_cut *cut, bool matrix);

/* For tests: the same taken apart, a line for each thing that takes time, with its unit: as much as `size` holds, with
 * a 0 at the end. Returns the length that the whole text has, as snprintf does. */
int sgan_weights_print(const struct conv_weights_sizes *sizes, const struct conv_weights_cut *cut, size_t size,
                       char *text);

/* --- for a number of threads; no bit depends on it ---------------------------- */

/* What a grid is for: `tensors` partial sums made at once, and the images of the call. They are those of the sums,
 * or more: a matrix product makes one slice's sums after the other, with the grid of the whole call. */
struct conv_weights_work {
	size_t tensors, images;
	int threads;
};

/* Chunks of channels: the cut's or more. */
struct conv_weights_grid {
	size_t x_chunks, y_chunks;
};

struct conv_weights_grid sgan_weights_grid(const struct conv_weights_sizes *sizes, const struct conv_weights_cut *cut,
                                           const struct conv_weights_work *work);
struct conv_weights_grid sgan_weights_grid_matrix(const struct conv_weights_sizes *sizes,
                                                  const struct conv_weights_cut *cut,
                                                  const struct conv_weights_work *work);

/* What one chunk of work takes of the gradient: some of X's and Y's channels, all taps. */
struct conv_weights_chunk {
	size_t c, count, tiles; /* the first value of a tap, how many, and tiles of them */
	size_t panel, panels;
};

struct conv_weights_chunk sgan_weights_chunk(const struct conv_weights_cut *cut, const struct conv_weights_grid *grid,
                                             size_t x_chunk, size_t y_chunk);

/* First of a chunk's values that its tile `tile` takes, counted from the chunk's first. */
static inline size_t conv_chunk_tile(const struct conv_weights_chunk *chunk, size_t tile)
{
	return share_begin(chunk->count, chunk->tiles, tile);
}

#endif
