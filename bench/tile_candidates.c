/* The inner loop that a tile of gemm would have, ROWS x VECTORS vectors of columns, for tile_candidates.sh to count. Of a
 * panel's row, TOGETHER vectors are in registers at a time: as many as the tile leaves. */
#include "kernels/neon/vec.h"

#define TILE_UNROLL _Pragma("GCC unroll 32")

void candidate(size_t steps, const float *const *rows, const float *panel, float *dst);

void candidate(size_t steps, const float *const *rows, const float *panel, float *dst)
{
	const float *row[ROWS];
	vec sum[ROWS][VECTORS];

	TILE_UNROLL for (size_t i = 0; i < ROWS; i++)
		row[i] = rows[i];
	TILE_UNROLL for (size_t i = 0; i < ROWS; i++)
		TILE_UNROLL for (size_t v = 0; v < VECTORS; v++)
			sum[i][v] = vec_zero();
	for (; steps; steps -= VEC) {
		vec a[ROWS], b[TOGETHER];
		TILE_UNROLL for (size_t i = 0; i < ROWS; i++)
		{
			a[i] = vec_load(row[i]);
			row[i] += VEC;
		}
		TILE_UNROLL for (int lane = 0; lane < VEC; lane++)
			TILE_UNROLL for (size_t first = 0; first < VECTORS; first += TOGETHER)
			{
				TILE_UNROLL for (size_t v = 0; v < TOGETHER; v++, panel += VEC)
					b[v] = vec_load(panel);
				TILE_UNROLL for (size_t i = 0; i < ROWS; i++)
					TILE_UNROLL for (size_t v = 0; v < TOGETHER; v++)
						sum[i][first + v] = vec_fma_lane(a[i], lane, b[v], sum[i][first + v]);
			}
	}
	TILE_UNROLL for (size_t i = 0; i < ROWS; i++)
		TILE_UNROLL for (size_t v = 0; v < VECTORS; v++)
			vec_store(dst + (i * VECTORS + v) * VEC, sum[i][v]);
}
