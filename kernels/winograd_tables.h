/* The maps of Winograd's minimal filtering, made by kernels/winograd.awk, which says what they are: do not edit. */
#ifndef SGAN_KERNELS_WINOGRAD_TABLES_H
#define SGAN_KERNELS_WINOGRAD_TABLES_H

#include "kernels/kernels.h"

/* Powers of the points 1, -1, 2, -2, 1/2, -1/2. */
static const real winograd_power[6][8] = {
	{ 1, 1, 1, 1, 1, 1, 1, 1 },
	{ 1, -1, 1, -1, 1, -1, 1, -1 },
	{ 1, 2, 4, 8, 16, 32, 64, 128 },
	{ 1, -2, 4, -8, 16, -32, 64, -128 },
	{ 1, (real)1 / 2, (real)1 / 4, (real)1 / 8, (real)1 / 16, (real)1 / 32, (real)1 / 64, (real)1 / 128 },
	{ 1, (real)-1 / 2, (real)1 / 4, (real)-1 / 8, (real)1 / 16, (real)-1 / 32, (real)1 / 64, (real)-1 / 128 },
};

/* [points - 4][point][coefficient] */
static const real winograd_input_map[5][8][8] = {
	{
		{ 1, 0, -1, 0 },
		{ 0, -1, 0, 1 },
		{ 0, (real)1 / 2, (real)1 / 2, 0 },
		{ 0, (real)-1 / 2, (real)1 / 2, 0 },
	},
	{
		{ 1, 0, (real)-5 / 4, 0, (real)1 / 4 },
		{ 0, (real)2 / 3, (real)2 / 3, (real)-1 / 6, (real)-1 / 6 },
		{ 0, (real)-2 / 3, (real)2 / 3, (real)1 / 6, (real)-1 / 6 },
		{ 0, (real)-1 / 12, (real)-1 / 24, (real)1 / 12, (real)1 / 24 },
		{ 0, (real)1 / 12, (real)-1 / 24, (real)-1 / 12, (real)1 / 24 },
	},
	{
		{ 1, 0, (real)-5 / 4, 0, (real)1 / 4, 0 },
		{ 0, 4, 0, -5, 0, 1 },
		{ 0, (real)2 / 3, (real)2 / 3, (real)-1 / 6, (real)-1 / 6, 0 },
		{ 0, (real)-2 / 3, (real)2 / 3, (real)1 / 6, (real)-1 / 6, 0 },
		{ 0, (real)-1 / 12, (real)-1 / 24, (real)1 / 12, (real)1 / 24, 0 },
		{ 0, (real)1 / 12, (real)-1 / 24, (real)-1 / 12, (real)1 / 24, 0 },
	},
	{
		{ 1, 0, (real)-21 / 4, 0, (real)21 / 4, 0, -1 },
		{ 0, (real)-2 / 9, (real)-2 / 9, (real)17 / 18, (real)17 / 18, (real)-2 / 9, (real)-2 / 9 },
		{ 0, (real)2 / 9, (real)-2 / 9, (real)-17 / 18, (real)17 / 18, (real)2 / 9, (real)-2 / 9 },
		{ 0, (real)1 / 180, (real)1 / 360, (real)-1 / 36, (real)-1 / 72, (real)1 / 45, (real)1 / 90 },
		{ 0, (real)-1 / 180, (real)1 / 360, (real)1 / 36, (real)-1 / 72, (real)-1 / 45, (real)1 / 90 },
		{ 0, (real)64 / 45, (real)128 / 45, (real)-16 / 9, (real)-32 / 9, (real)16 / 45, (real)32 / 45 },
		{ 0, (real)-64 / 45, (real)128 / 45, (real)16 / 9, (real)-32 / 9, (real)-16 / 45, (real)32 / 45 },
	},
	{
		{ 1, 0, (real)-21 / 4, 0, (real)21 / 4, 0, -1, 0 },
		{ 0, -1, 0, (real)21 / 4, 0, (real)-21 / 4, 0, 1 },
		{ 0, (real)-2 / 9, (real)-2 / 9, (real)17 / 18, (real)17 / 18, (real)-2 / 9, (real)-2 / 9, 0 },
		{ 0, (real)2 / 9, (real)-2 / 9, (real)-17 / 18, (real)17 / 18, (real)2 / 9, (real)-2 / 9, 0 },
		{ 0, (real)1 / 180, (real)1 / 360, (real)-1 / 36, (real)-1 / 72, (real)1 / 45, (real)1 / 90, 0 },
		{ 0, (real)-1 / 180, (real)1 / 360, (real)1 / 36, (real)-1 / 72, (real)-1 / 45, (real)1 / 90, 0 },
		{ 0, (real)64 / 45, (real)128 / 45, (real)-16 / 9, (real)-32 / 9, (real)16 / 45, (real)32 / 45, 0 },
		{ 0, (real)-64 / 45, (real)128 / 45, (real)16 / 9, (real)-32 / 9, (real)-16 / 45, (real)32 / 45, 0 },
	},
};

#endif
