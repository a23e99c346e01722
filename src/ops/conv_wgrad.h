/* The weight gradient's inside: conv_wgrad_cut.c cuts the sum, conv_wgrad.c goes
 * over the pieces, conv_wgrad_group.c sums one; conv_wgrad_rows.c does a whole one
 * where it is a plain matrix product. */
#ifndef SGAN_OPS_CONV_WGRAD_H
#define SGAN_OPS_CONV_WGRAD_H

#include "src/ops/conv_plan.h"

/* Elements that a copied pixel of X takes at a multiple of: a tile's loads then touch few cache lines. */
enum { WGRAD_PITCH = 8 };

/* dW as a matrix for each tap: `run` rows of y_c columns, tiles of mr x nr. */
struct wgrad_shape {
	size_t run, taps;     /* x values of a tap, and taps: x_c and k_h * k_w, or a kernel row's and k_h */
	size_t mr, nr;        /* the kernel's tile */
	size_t tiles, panels; /* of run and of y_c */
	size_t x_pitch;       /* of a copied pixel of a tile */
};

/* What one chunk of work takes of dW: some of X's and Y's channels, all taps. */
struct wgrad_channels {
	size_t c, count, tiles; /* of a run */
	size_t panel, panels;
};

/* Some whole images, or a band of one image's rows of Y. */
struct wgrad_group {
	size_t image, images;
	size_t row, rows;
};

struct wgrad_job {
	const struct sgan_conv_plan *plan;
	struct wgrad_shape shape;
	size_t x_blocks, y_blocks; /* the plan's or more, for more threads */
	size_t n;
	const real *x, *y;
	real *diff_weights;
	bool accumulate;
	real *parts;                  /* [parts][weight_count] where parts are apart, else their total [weight_count] */
	size_t *part_end, part_count; /* where they are together: [part_count] rows */
	char *workers;                /* the workers' memory */
	size_t worker_size;
};

/* Where a tap's pixels begin, from a view's first, and how they are walked. */
struct wgrad_tap {
	struct sgan_walk walk;
	size_t cols, x, y;
};

/* A worker's memory. */
struct wgrad_memory {
	real *x;    /* a group's pixels: [tile][pixel][x_pitch], or padded images where a kernel row is one tap */
	real *y;    /* [panel][pixel][nr] */
	real *sums; /* of a part's groups: [panel][tile][tap][mr][nr] */
	struct wgrad_tap *taps;
};

/* Where a group's sums go: the worker's sums, or a tensor laid out as the weights. */
struct wgrad_target {
	real *tensor; /* NULL: the worker's sums */
	bool add;     /* to what is there */
};

struct wgrad_shape sgan_wgrad_shape(const struct sgan_conv_plan *plan);
/* Parts of the batch that are kept apart in memory; 1 where none are. */
size_t sgan_wgrad_part_count(const struct sgan_conv_plan *plan);
/* Blocks of channels for this many images and threads; no bit depends on them. */
void sgan_wgrad_cut_channels(struct wgrad_job *job, int threads);
void sgan_wgrad_cut_matrix(struct wgrad_job *job, int threads);
struct wgrad_channels sgan_wgrad_chunk_channels(const struct wgrad_job *job, size_t x_block, size_t y_block);

/* Bytes of one worker's memory, which is laid out at base unless memory is NULL. */
size_t sgan_wgrad_worker_bytes(const struct sgan_conv_plan *plan, char *base, struct wgrad_memory *memory);
/* next: the group that this worker will sum next, or NULL. */
void sgan_wgrad_sum_group(const struct wgrad_job *job, const struct wgrad_channels *channels,
                          const struct wgrad_group *group, const struct wgrad_group *next, struct wgrad_target target,
                          struct wgrad_memory *memory);
/* All of it where parts are together: the workspace's bytes, and the job. */
size_t sgan_wgrad_rows_workspace(const struct sgan_conv_plan *plan, int threads);
void sgan_wgrad_rows(sgan_ctx *ctx, struct wgrad_job *job, char *workspace);
/* The worker's sums into a tensor. */
void sgan_wgrad_write_sums(const struct wgrad_job *job, const struct wgrad_channels *channels,
                           struct wgrad_target target, const struct wgrad_memory *memory);

/* --- sizes ------------------------------------------------------------------ */

/* Rows of X that rows of Y reach, padding included. */
static inline size_t wgrad_reach(const struct conv_base *b, size_t rows)
{
	return (rows - 1) * b->stride + b->k_h;
}

static inline size_t wgrad_band_rows(const struct sgan_conv_plan *plan)
{
	return conv_ceil_div(plan->base.y_h, plan->wgrad.bands);
}

#endif
