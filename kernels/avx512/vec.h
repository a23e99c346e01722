/* Vectors of AVX-512 for the templates in kernels/simd: 16 floats, 32 registers.
 * Each function is one instruction or a few, or one of SLEEF's. */
#ifndef SGAN_KERNELS_AVX512_VEC_H
#define SGAN_KERNELS_AVX512_VEC_H

#if !defined __AVX512F__ || !defined __AVX512BW__ || !defined __AVX512DQ__ || !defined __AVX512VL__
#error "kernels/avx512 needs -mavx512f -mavx512bw -mavx512dq -mavx512vl"
#endif

#include <immintrin.h>
#include <sleef.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/avx512/set.h"

enum { VEC = 16 };
typedef __m512 vec;
typedef __m512d vec_double; /* half as many lanes */
typedef __mmask16 vec_mask;

/* The lanes of the first half as doubles, and of the second. */
static inline vec_double vec_low(vec x)
{
	return _mm512_cvtps_pd(_mm512_castps512_ps256(x));
}

static inline vec_double vec_high(vec x)
{
	return _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
}

#define X86(name) _mm512_##name
#include "kernels/x86/address.h"
#include "kernels/x86/vec.h"

/* *p * b + c, rounded once: one instruction, where the compiler would load *p to a register for all that take it.
 * volatile: in the order in which they are written. */
enum { VEC_FMA_AT = 1 };

static inline __attribute__((always_inline)) vec vec_fma_at(const float *p, vec b, vec c)
{
	__asm__ volatile("vfmadd231ps\t%2%{1to16%}, %1, %0" : "+v"(c) : "v"(b), "m"(*p));
	return c;
}

/* The first n lanes; all from 16. */
static inline vec_mask vec_first(size_t n)
{
	if (n >= VEC)
		return 0xFFFF;
	return (vec_mask)((1u << n) - 1);
}

/* Lanes outside the mask are 0 and not read. */
static inline vec vec_load_part(const float *p, vec_mask mask)
{
	return _mm512_maskz_loadu_ps(mask, p);
}

static inline void vec_store_part(float *p, vec x, vec_mask mask)
{
	_mm512_mask_storeu_ps(p, mask, x);
}

/* Within one unit in the last place (SLEEF's u10); 0 and infinity where exp has left float's range. */
static inline vec vec_exp(vec x)
{
	return Sleef_expf16_u10avx512f(x);
}

/* a where the mask is set, else b */
static inline vec vec_choose(vec_mask mask, vec a, vec b)
{
	return _mm512_mask_blend_ps(mask, b, a);
}

/* x > y ? a : b; b where either is not a number */
static inline vec vec_if_greater(vec x, vec y, vec a, vec b)
{
	return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, y, _CMP_GT_OQ), b, a);
}

/* x > 0 ? a : b; b where x is not a number */
static inline vec vec_if_positive(vec x, vec a, vec b)
{
	return vec_if_greater(x, vec_zero(), a, b);
}

/* x == y ? a : b; b where either is not a number */
static inline vec vec_if_equal(vec x, vec y, vec a, vec b)
{
	return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, y, _CMP_EQ_OQ), b, a);
}

/* y <= 0 ? 0 : x, and x where y is not a number */
static inline vec vec_pass(vec y, vec x)
{
	return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(y, _mm512_setzero_ps(), _CMP_NLE_UQ), x);
}

/* Takes value for the largest, and at for the place of it, where value is larger or the first that is not a number. */
static inline void vec_take_larger(vec value, vec at, vec *largest, vec *place)
{
	vec_mask number = _mm512_cmp_ps_mask(*largest, *largest, _CMP_ORD_Q);
	vec_mask take = _mm512_mask_cmp_ps_mask(number, value, *largest, _CMP_NLE_UQ);

	*largest = _mm512_mask_mov_ps(*largest, take, value);
	*place = _mm512_mask_mov_ps(*place, take, at);
}

/* y > 0 ? x : slope * x, and slope * x where y is not a number */
static inline vec vec_leak(vec y, vec x, vec slope)
{
	return _mm512_mask_mul_ps(x, _mm512_cmp_ps_mask(y, _mm512_setzero_ps(), _CMP_NGT_UQ), x, slope);
}

/* The largest lane; any where one is not a number. */
static inline float vec_largest(vec x)
{
	return _mm512_reduce_max_ps(x);
}

/* The first n bytes as floats; the other lanes are 0 and not read. */
static inline vec vec_load_bytes(const uint8_t *p, size_t n)
{
	return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(vec_first(n), p)));
}

/* The first n lanes, whole numbers in [0, 255], as bytes. */
static inline void vec_store_bytes(uint8_t *p, vec x, size_t n)
{
	_mm512_mask_cvtepi32_storeu_epi8(p, vec_first(n), _mm512_cvttps_epi32(x));
}

/* Within one unit in the last place; log1p is log(1 + x). */
static inline vec_total vec_total_exp(vec_total x)
{
	return (vec_total){ Sleef_expd8_u10avx512f(x.low), Sleef_expd8_u10avx512f(x.high) };
}

static inline vec_total vec_total_log1p(vec_total x)
{
	return (vec_total){ Sleef_log1pd8_u10avx512f(x.low), Sleef_log1pd8_u10avx512f(x.high) };
}

/* The lanes' sum, in halves. */
static inline double vec_total_value(vec_total total)
{
	return _mm512_reduce_add_pd(_mm512_add_pd(total.low, total.high));
}

#endif
