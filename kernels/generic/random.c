/* Random numbers by counter. Every operation on floats here is one IEEE addition,
 * multiplication or square root, never fused, so that every machine, instruction
 * set and precision gives the same bits. */
#include <math.h>

#include "kernels/generic/set.h"
#include "kernels/philox.h"

static const float unit = 0x1p-24f;

/* ln(k / 2^24), 1 <= k <= 2^24, within 1.2e-7 relatively: k / 2^24 = 2^e (1 + t), 1 + t in
 * [sqrt(1/2), sqrt(2)), and a polynomial fitted to ln(1 + t) / t at Chebyshev nodes. */
static float log_unit(uint32_t k)
{
	float x = (float)k; /* exact */
	int e = -24;
	float t, p;

	while (x >= 256) {
		x *= 0x1p-8f;
		e += 8;
	}
	while (x >= 1.41421356f) {
		x *= 0.5f;
		e += 1;
	}
	t = x - 1;
	p = 0.0874394551f;
	p = p * t - 0.143773302f;
	p = p * t + 0.149490952f;
	p = p * t - 0.165606961f;
	p = p * t + 0.199569777f;
	p = p * t - 0.250021547f;
	p = p * t + 0.333341837f;
	p = p * t - 0.499999881f;
	p = p * t + 1;
	return (float)e * 0.693147182f + t * p;
}

/* Cosine and sine of 2 pi k / 2^24, within 1e-7: a quarter turn q, and the rest r in
 * [-1/8, 1/8] turns, both exact, by polynomials in r^2. */
static void turn(uint32_t k, float *cosine, float *sine)
{
	uint32_t q = (k + (1u << 21)) >> 22;
	float r = (float)((int32_t)k - (int32_t)(q << 22)) * unit;
	float z = r * r;
	float s = -75.4018403f, c = 59.2202881f;

	s = s * z + 81.5925482f;
	s = s * z - 41.3416626f;
	s = s * z + 6.28318529f;
	s = s * r;
	c = c * z - 85.4428484f;
	c = c * z + 64.9393162f;
	c = c * z - 19.7392087f;
	c = c * z + 1;
	switch (q & 3) {
	case 0:
		*cosine = c, *sine = s;
		break;
	case 1:
		*cosine = -s, *sine = c;
		break;
	case 2:
		*cosine = -c, *sine = -s;
		break;
	default:
		*cosine = s, *sine = -c;
	}
}

static void normal_pair(uint32_t word0, uint32_t word1, float pair[2])
{
	float log_u = log_unit((word0 >> 8) + 1);
	float radius = sqrtf(-2 * log_u);
	float cosine, sine;

	turn(word1 >> 8, &cosine, &sine);
	pair[0] = radius * cosine;
	pair[1] = radius * sine;
}

void SGAN_SYMBOL(uniform__generic)(uint64_t seed, uint32_t stream, uint64_t step, size_t first, size_t count, real *dst)
{
	for (size_t i = 0; i < count; i += 4) {
		uint32_t word[4];
		sgan_philox_block(seed, stream, step, (first + i) / 4, word);
		for (size_t j = 0; j < 4 && i + j < count; j++)
			dst[i + j] = (real)((float)(word[j] >> 8) * unit);
	}
}

void SGAN_SYMBOL(normal__generic)(uint64_t seed, uint32_t stream, uint64_t step, size_t first, size_t count, real *dst)
{
	for (size_t i = 0; i < count; i += 4) {
		uint32_t word[4];
		float value[4];
		sgan_philox_block(seed, stream, step, (first + i) / 4, word);
		normal_pair(word[0], word[1], value);
		normal_pair(word[2], word[3], value + 2);
		for (size_t j = 0; j < 4 && i + j < count; j++)
			dst[i + j] = (real)value[j];
	}
}
