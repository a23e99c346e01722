/* Vectors of NEON for the templates in kernels/simd: 4 floats, 32 registers.
 * Each function is one instruction or a few, or one of SLEEF's. */
#ifndef SGAN_KERNELS_NEON_VEC_H
#define SGAN_KERNELS_NEON_VEC_H

#if !defined __aarch64__ || !defined __ARM_NEON
#error "kernels/neon is for AArch64"
#endif

#include <arm_neon.h>
#include <sleef.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels/neon/address.h"
#include "kernels/neon/set.h"

enum { VEC = 4 };
typedef float32x4_t vec;
typedef struct {
	size_t lanes; /* the first so many, up to all 4 */
} vec_mask;

/* a[lane] * b + c, rounded once; lane is a constant. volatile: in the order in which they are written. GCC 12 would
 * otherwise load what the next ones take before they are due, and so run out of registers; and it copies sums from
 * register to register where a loop adds to each of them several times. */
static inline __attribute__((always_inline)) vec vec_fma_lane(vec a, int lane, vec b, vec c)
{
	if (lane == 0)
		__asm__ volatile("fmla\t%0.4s, %1.4s, %2.s[0]" : "+w"(c) : "w"(b), "w"(a));
	else if (lane == 1)
		__asm__ volatile("fmla\t%0.4s, %1.4s, %2.s[1]" : "+w"(c) : "w"(b), "w"(a));
	else if (lane == 2)
		__asm__ volatile("fmla\t%0.4s, %1.4s, %2.s[2]" : "+w"(c) : "w"(b), "w"(a));
	else
		__asm__ volatile("fmla\t%0.4s, %1.4s, %2.s[3]" : "+w"(c) : "w"(b), "w"(a));
	return c;
}

static inline vec vec_zero(void)
{
	return vdupq_n_f32(0);
}

static inline vec vec_set(float x)
{
	return vdupq_n_f32(x);
}

static inline vec vec_load(const float *p)
{
	return vld1q_f32(p);
}

static inline void vec_store(float *p, vec x)
{
	vst1q_f32(p, x);
}

/* A plain store: these cores see for themselves when whole lines are written one after the other, and then write past
 * their caches (Arm calls it write streaming mode), and AArch64's store with a hint, STNP, takes two vectors. So nothing
 * has to be fenced at a region's end: ordinary stores come before the barrier of the threads' team, which releases. */
static inline void vec_stream(float *p, vec x)
{
	vec_store(p, x);
}

static inline vec vec_add(vec a, vec b)
{
	return vaddq_f32(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
	return vsubq_f32(a, b);
}

static inline vec vec_mul(vec a, vec b)
{
	return vmulq_f32(a, b);
}

static inline vec vec_div(vec a, vec b)
{
	return vdivq_f32(a, b);
}

static inline vec vec_sqrt(vec a)
{
	return vsqrtq_f32(a);
}

/* a * b + c, rounded once */
static inline vec vec_fma(vec a, vec b, vec c)
{
	return vfmaq_f32(c, a, b);
}

/* The first n lanes; all from 4. */
static inline vec_mask vec_first(size_t n)
{
	return (vec_mask){ n < VEC ? n : VEC };
}

/* Lanes outside the mask are 0 and not read. */
static inline vec vec_load_part(const float *p, vec_mask mask)
{
	const float32x2_t none = vdup_n_f32(0);

	switch (mask.lanes) {
	case 0:
		return vec_zero();
	case 1:
		return vcombine_f32(vld1_lane_f32(p, none, 0), none);
	case 2:
		return vcombine_f32(vld1_f32(p), none);
	case 3:
		return vcombine_f32(vld1_f32(p), vld1_lane_f32(p + 2, none, 0));
	default:
		return vec_load(p);
	}
}

/* The n values before `end`, n < 4, in the last lanes; the others are 0. */
static inline vec vec_load_last(const float *end, size_t n)
{
	const float32x2_t none = vdup_n_f32(0);

	switch (n) {
	case 0:
		return vec_zero();
	case 1:
		return vcombine_f32(none, vld1_lane_f32(end - 1, none, 1));
	case 2:
		return vcombine_f32(none, vld1_f32(end - 2));
	default:
		return vcombine_f32(vld1_lane_f32(end - 3, none, 1), vld1_f32(end - 2));
	}
}

static inline void vec_store_part(float *p, vec x, vec_mask mask)
{
	switch (mask.lanes) {
	case 0:
		return;
	case 1:
		vst1q_lane_f32(p, x, 0);
		return;
	case 2:
		vst1_f32(p, vget_low_f32(x));
		return;
	case 3:
		vst1_f32(p, vget_low_f32(x));
		vst1q_lane_f32(p + 2, x, 2);
		return;
	default:
		vec_store(p, x);
	}
}

/* Within one unit in the last place (SLEEF's u10); 0 and infinity where exp has left float's range. */
static inline vec vec_exp(vec x)
{
	return Sleef_expf4_u10advsimd(x);
}

/* a where the mask is set, else b */
static inline vec vec_choose(vec_mask mask, vec a, vec b)
{
	static const uint32_t lane[VEC] = { 0, 1, 2, 3 };

	return vbslq_f32(vcltq_u32(vld1q_u32(lane), vdupq_n_u32((uint32_t)mask.lanes)), a, b);
}

/* x > y ? a : b; b where either is not a number */
static inline vec vec_if_greater(vec x, vec y, vec a, vec b)
{
	return vbslq_f32(vcgtq_f32(x, y), a, b);
}

/* x > 0 ? a : b; b where x is not a number */
static inline vec vec_if_positive(vec x, vec a, vec b)
{
	return vbslq_f32(vcgtzq_f32(x), a, b);
}

/* x == y ? a : b; b where either is not a number */
static inline vec vec_if_equal(vec x, vec y, vec a, vec b)
{
	return vbslq_f32(vceqq_f32(x, y), a, b);
}

/* Zero where the mask's bits are set. */
static inline vec vec_clear(uint32x4_t mask, vec x)
{
	return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(x), mask));
}

/* x < 0 ? 0 : x. Not the maximum, which is +0 of two zeros. */
static inline vec vec_relu(vec x)
{
	return vec_clear(vcltzq_f32(x), x);
}

/* y <= 0 ? 0 : x, and x where y is not a number */
static inline vec vec_pass(vec y, vec x)
{
	return vec_clear(vclezq_f32(y), x);
}

/* Takes value for the largest, and at for the place of it, where value is larger or the first that is not a number. */
static inline void vec_take_larger(vec value, vec at, vec *largest, vec *place)
{
	uint32x4_t take = vbicq_u32(vceqq_f32(*largest, *largest), vcleq_f32(value, *largest));

	*largest = vbslq_f32(take, value, *largest);
	*place = vbslq_f32(take, at, *place);
}

/* y > 0 ? x : slope * x, and slope * x where y is not a number */
static inline vec vec_leak(vec y, vec x, vec slope)
{
	return vec_if_positive(y, x, vec_mul(slope, x));
}

/* The largest lane; any where one is not a number. */
static inline float vec_largest(vec x)
{
	return vmaxvq_f32(x);
}

/* The first n bytes as floats; the other lanes are 0 and not read. */
static inline vec vec_load_bytes(const uint8_t *p, size_t n)
{
	uint32_t bytes = 0;

	memcpy(&bytes, p, n < VEC ? n : VEC);
	return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(bytes))))));
}

/* The first n lanes, whole numbers in [0, 255], as bytes. */
static inline void vec_store_bytes(uint8_t *p, vec x, size_t n)
{
	uint16x4_t words = vmovn_u32(vcvtq_u32_f32(x));
	uint32_t bytes = vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(words, words))), 0);

	memcpy(p, &bytes, n < VEC ? n : VEC);
}

/* As many lanes of doubles, for sums: those of a vector's first half, and of its second. */
typedef struct {
	float64x2_t low, high;
} vec_total;

static inline vec_total vec_total_zero(void)
{
	return (vec_total){ vdupq_n_f64(0), vdupq_n_f64(0) };
}

static inline vec_total vec_total_sum(vec_total a, vec_total b)
{
	return (vec_total){ vaddq_f64(a.low, b.low), vaddq_f64(a.high, b.high) };
}

static inline vec_total vec_widen(vec x)
{
	return (vec_total){ vcvt_f64_f32(vget_low_f32(x)), vcvt_high_f64_f32(x) };
}

/* total + a * b; the products of floats are exact */
static inline vec_total vec_total_add(vec_total total, vec a, vec b)
{
	vec_total x = vec_widen(a), y = vec_widen(b);

	return (vec_total){ vfmaq_f64(total.low, x.low, y.low), vfmaq_f64(total.high, x.high, y.high) };
}

/* Within one unit in the last place; log1p is log(1 + x). */
static inline vec_total vec_total_exp(vec_total x)
{
	return (vec_total){ Sleef_expd2_u10advsimd(x.low), Sleef_expd2_u10advsimd(x.high) };
}

static inline vec_total vec_total_log1p(vec_total x)
{
	return (vec_total){ Sleef_log1pd2_u10advsimd(x.low), Sleef_log1pd2_u10advsimd(x.high) };
}

/* The lanes' sum, in halves. */
static inline double vec_total_value(vec_total total)
{
	return vaddvq_f64(vaddq_f64(total.low, total.high));
}

/* Lane j of x[i] goes to lane i of x[j]. */
static inline __attribute__((always_inline)) void vec_transpose(vec x[VEC])
{
	float32x4_t a = vtrn1q_f32(x[0], x[1]), b = vtrn2q_f32(x[0], x[1]);
	float32x4_t c = vtrn1q_f32(x[2], x[3]), d = vtrn2q_f32(x[2], x[3]);

	x[0] = vcombine_f32(vget_low_f32(a), vget_low_f32(c));
	x[1] = vcombine_f32(vget_low_f32(b), vget_low_f32(d));
	x[2] = vcombine_f32(vget_high_f32(a), vget_high_f32(c));
	x[3] = vcombine_f32(vget_high_f32(b), vget_high_f32(d));
}

#endif
