/* The maps of Winograd's minimal filtering, made by kernels/winograd.awk, which says what they are: do not edit. */
#ifndef SGAN_KERNELS_WINOGRAD_TABLES_H
#define SGAN_KERNELS_WINOGRAD_TABLES_H

#include "kernels/kernels.h"

/* Powers of the points that come in pairs: [points - 4][point][exponent]. */
static const real winograd_power[5][6][7] = {
	{
		{ 1, 1, 1 },
		{ 1, -1, 1 },
	},
	{
		{ 1, (real)3 / 4, (real)9 / 16, (real)27 / 64 },
		{ 1, (real)-3 / 4, (real)9 / 16, (real)-27 / 64 },
		{ 1, 3, 9, 27 },
		{ 1, -3, 9, -27 },
	},
	{
		{ 1, (real)3 / 4, (real)9 / 16, (real)27 / 64, (real)81 / 256 },
		{ 1, (real)-3 / 4, (real)9 / 16, (real)-27 / 64, (real)81 / 256 },
		{ 1, (real)7 / 4, (real)49 / 16, (real)343 / 64, (real)2401 / 256 },
		{ 1, (real)-7 / 4, (real)49 / 16, (real)-343 / 64, (real)2401 / 256 },
	},
	{
		{ 1, (real)1 / 2, (real)1 / 4, (real)1 / 8, (real)1 / 16, (real)1 / 32 },
		{ 1, (real)-1 / 2, (real)1 / 4, (real)-1 / 8, (real)1 / 16, (real)-1 / 32 },
		{ 1, (real)5 / 4, (real)25 / 16, (real)125 / 64, (real)625 / 256, (real)3125 / 1024 },
		{ 1, (real)-5 / 4, (real)25 / 16, (real)-125 / 64, (real)625 / 256, (real)-3125 / 1024 },
		{ 1, 4, 16, 64, 256, 1024 },
		{ 1, -4, 16, -64, 256, -1024 },
	},
	{
		{ 1, 1, 1, 1, 1, 1, 1 },
		{ 1, -1, 1, -1, 1, -1, 1 },
		{ 1, 2, 4, 8, 16, 32, 64 },
		{ 1, -2, 4, -8, 16, -32, 64 },
		{ 1, (real)1 / 2, (real)1 / 4, (real)1 / 8, (real)1 / 16, (real)1 / 32, (real)1 / 64 },
		{ 1, (real)-1 / 2, (real)1 / 4, (real)-1 / 8, (real)1 / 16, (real)-1 / 32, (real)1 / 64 },
	},
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
		{ 1, 0, (real)-17 / 9, 0, (real)16 / 81 },
		{ 0, (real)32 / 45, (real)128 / 135, (real)-32 / 405, (real)-128 / 1215 },
		{ 0, (real)-32 / 45, (real)128 / 135, (real)32 / 405, (real)-128 / 1215 },
		{ 0, (real)-1 / 90, (real)-1 / 270, (real)8 / 405, (real)8 / 1215 },
		{ 0, (real)1 / 90, (real)-1 / 270, (real)-8 / 405, (real)8 / 1215 },
	},
	{
		{ 1, 0, (real)-928 / 441, 0, (real)256 / 441, 0 },
		{ 0, (real)441 / 256, 0, (real)-29 / 8, 0, 1 },
		{ 0, (real)49 / 60, (real)49 / 45, (real)-4 / 15, (real)-16 / 45, 0 },
		{ 0, (real)-49 / 60, (real)49 / 45, (real)4 / 15, (real)-16 / 45, 0 },
		{ 0, (real)-9 / 140, (real)-9 / 245, (real)4 / 35, (real)16 / 245, 0 },
		{ 0, (real)9 / 140, (real)-9 / 245, (real)-4 / 35, (real)16 / 245, 0 },
	},
	{
		{ 1, 0, (real)-1881 / 400, 0, (real)57 / 20, 0, (real)-4 / 25 },
		{ 0, (real)1600 / 1323, (real)3200 / 1323, (real)-1124 / 1323, (real)-2248 / 1323, (real)64 / 1323, (real)128 / 1323 },
		{ 0, (real)-1600 / 1323, (real)3200 / 1323, (real)1124 / 1323, (real)-2248 / 1323, (real)-64 / 1323, (real)128 / 1323 },
		{ 0, (real)-2048 / 24255, (real)-8192 / 121275, (real)1664 / 4851, (real)6656 / 24255, (real)-512 / 24255, (real)-2048 / 121275 },
		{ 0, (real)2048 / 24255, (real)-8192 / 121275, (real)-1664 / 4851, (real)6656 / 24255, (real)512 / 24255, (real)-2048 / 121275 },
		{ 0, (real)25 / 116424, (real)25 / 465696, (real)-29 / 29106, (real)-29 / 116424, (real)8 / 14553, (real)2 / 14553 },
		{ 0, (real)-25 / 116424, (real)25 / 465696, (real)29 / 29106, (real)-29 / 116424, (real)-8 / 14553, (real)2 / 14553 },
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
