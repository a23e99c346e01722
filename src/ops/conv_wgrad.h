/* The weight gradient's inside: what conv_wgrad.c cuts, conv_wgrad_tile.c sums. */
#ifndef SGAN_OPS_CONV_WGRAD_H
#define SGAN_OPS_CONV_WGRAD_H

#include "src/ops/conv_plan.h"

struct wgrad_job {
	const struct sgan_conv_plan *plan;
	size_t n;
	const real *x, *y;
	real *parts; /* [slices][blocks][weight_count]; diff_weights itself where there is one part */
	real *diff_weights;
	bool accumulate;
	size_t run, taps;     /* x values of a tap, and taps: x_c and k_h * k_w, or a kernel row's and k_h */
	size_t tiles, panels; /* of run and of y_c */
	size_t tile_parts, panel_parts;
	char *workers; /* the workers' memory */
	size_t worker_size;
};

/* Copies of Y's panels that are kept at once where there is one tap. */
enum { WGRAD_PANEL_SLOTS = 4 };

/* A worker's memory, and what its copies hold. */
struct wgrad_memory {
	real *x, *y, *padded, *sums;
	struct {
		size_t c, image, row; /* c SIZE_MAX: nothing */
	} held_x;
	struct {
		size_t panel, image, row; /* panel SIZE_MAX: nothing */
	} held_y[WGRAD_PANEL_SLOTS];
};

/* One tile of one panel over some images; `to` is its first sum in a tensor laid out as the weights. */
struct wgrad_tile {
	size_t first, n; /* images */
	size_t c, m;     /* values of a run */
	size_t column, columns;
	real *to;
	bool add; /* to what is there */
};

size_t sgan_wgrad_run_length(const struct sgan_conv_plan *plan);
/* Bytes of one worker's memory, which is laid out at base unless memory is NULL. */
size_t sgan_wgrad_worker_bytes(const struct sgan_conv_plan *plan, char *base, struct wgrad_memory *memory);
void sgan_wgrad_sum_tile(const struct wgrad_job *job, const struct wgrad_tile *tile, struct wgrad_memory *memory);

#endif
