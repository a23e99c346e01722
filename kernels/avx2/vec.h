/* Vectors of AVX2 with FMA for the templates in kernels/simd: 8 floats, 16
 * registers. Each function is one instruction or a few, or one of SLEEF's. */
#ifndef SGAN_KERNELS_AVX2_VEC_H
#define SGAN_KERNELS_AVX2_VEC_H

#if !defined __AVX2__ || !defined __FMA__
#error "kernels/avx2 needs -mavx2 -mfma"
#endif

#include <immintrin.h>
#include <sleef.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels/avx2/set.h"

enum { VEC = 8 };
typedef __m256 vec;
typedef __m256d vec_double; /* half as many lanes */
typedef __m256i vec_mask;

/* The lanes of the first half as doubles, and of the second. */
static inline vec_double vec_low(vec x)
{
	return _mm256_cvtps_pd(_mm256_castps256_ps128(x));
}

static inline vec_double vec_high(vec x)
{
	return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
}

#define X86(name) _mm256_##name
#include "kernels/x86/address.h"
#include "kernels/x86/vec.h"

/* *p * b + c, rounded once; there is no such instruction. */
enum { VEC_FMA_AT = 0 };

static inline vec vec_fma_at(const float *p, vec b, vec c)
{
	return vec_fma(vec_set(*p), b, c);
}

/* The first n lanes; all from 8. */
static inline vec_mask vec_first(size_t n)
{
	return _mm256_cmpgt_epi32(_mm256_set1_epi32(n < VEC ? (int)n : VEC), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* Lanes outside the mask are 0 and not read. */
static inline vec vec_load_part(const float *p, vec_mask mask)
{
	return _mm256_maskload_ps(p, mask);
}

static inline void vec_store_part(float *p, vec x, vec_mask mask)
{
	_mm256_maskstore_ps(p, mask, x);
}

/* Within one unit in the last place (SLEEF's u10); 0 and infinity where exp has left float's range. */
static inline vec vec_exp(vec x)
{
	return Sleef_expf8_u10avx2(x);
}

/* a where the mask is set, else b */
static inline vec vec_choose(vec_mask mask, vec a, vec b)
{
	return _mm256_blendv_ps(b, a, _mm256_castsi256_ps(mask));
}

/* x > y ? a : b; b where either is not a number */
static inline vec vec_if_greater(vec x, vec y, vec a, vec b)
{
	return _mm256_blendv_ps(b, a, _mm256_cmp_ps(x, y, _CMP_GT_OQ));
}

/* x > 0 ? a : b; b where x is not a number */
static inline vec vec_if_positive(vec x, vec a, vec b)
{
	return vec_if_greater(x, vec_zero(), a, b);
}

/* x == y ? a : b; b where either is not a number */
static inline vec vec_if_equal(vec x, vec y, vec a, vec b)
{
	return _mm256_blendv_ps(b, a, _mm256_cmp_ps(x, y, _CMP_EQ_OQ));
}

/* y <= 0 ? 0 : x, and x where y is not a number */
static inline vec vec_pass(vec y, vec x)
{
	return _mm256_and_ps(_mm256_cmp_ps(y, _mm256_setzero_ps(), _CMP_NLE_UQ), x);
}

/* Takes value for the largest, and at for the place of it, where value is larger or the first that is not a number. */
static inline void vec_take_larger(vec value, vec at, vec *largest, vec *place)
{
	vec take = _mm256_and_ps(_mm256_cmp_ps(value, *largest, _CMP_NLE_UQ), _mm256_cmp_ps(*largest, *largest, _CMP_ORD_Q));

	*largest = _mm256_blendv_ps(*largest, value, take);
	*place = _mm256_blendv_ps(*place, at, take);
}

/* y > 0 ? x : slope * x, and slope * x where y is not a number: a factor is chosen, since a blend takes three
 * micro-operations and AND and XOR take one each. */
static inline vec vec_leak(vec y, vec x, vec slope)
{
	vec one = _mm256_set1_ps(1), positive = _mm256_cmp_ps(y, _mm256_setzero_ps(), _CMP_GT_OQ);

	return _mm256_mul_ps(x, _mm256_xor_ps(slope, _mm256_and_ps(positive, _mm256_xor_ps(one, slope))));
}

/* The largest lane; any where one is not a number. */
static inline float vec_largest(vec x)
{
	__m128 half = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));

	half = _mm_max_ps(half, _mm_movehl_ps(half, half));
	return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

/* The first n bytes as floats; the other lanes are 0 and not read. */
static inline vec vec_load_bytes(const uint8_t *p, size_t n)
{
	int64_t bytes = 0;

	memcpy(&bytes, p, n < VEC ? n : VEC);
	return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(bytes)));
}

/* The first n lanes, whole numbers in [0, 255], as bytes. */
static inline void vec_store_bytes(uint8_t *p, vec x, size_t n)
{
	__m256i whole = _mm256_cvttps_epi32(x);
	__m128i words = _mm_packus_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
	int64_t bytes = _mm_cvtsi128_si64(_mm_packus_epi16(words, words));

	memcpy(p, &bytes, n < VEC ? n : VEC);
}

/* Within one unit in the last place; log1p is log(1 + x). */
static inline vec_total vec_total_exp(vec_total x)
{
	return (vec_total){ Sleef_expd4_u10avx2(x.low), Sleef_expd4_u10avx2(x.high) };
}

static inline vec_total vec_total_log1p(vec_total x)
{
	return (vec_total){ Sleef_log1pd4_u10avx2(x.low), Sleef_log1pd4_u10avx2(x.high) };
}

/* The lanes' sum, in halves. */
static inline double vec_total_value(vec_total total)
{
	__m256d sum = _mm256_add_pd(total.low, total.high);
	__m128d half = _mm_add_pd(_mm256_castpd256_pd128(sum), _mm256_extractf128_pd(sum, 1));

	return _mm_cvtsd_f64(_mm_add_sd(half, _mm_unpackhi_pd(half, half)));
}

#endif
