/* Vectors of floats on x86, of either width: what AVX2 and AVX-512 name alike. A set's vec.h defines X86(name), the
 * intrinsic of its width (X86(add_ps) is _mm256_add_ps), the types vec and vec_double, vec_low and vec_high, and
 * includes this. Each function is one instruction or a few. */
#ifndef SGAN_KERNELS_X86_VEC_H
#define SGAN_KERNELS_X86_VEC_H

#ifndef X86
#error "kernels/x86/vec.h is included by a set's vec.h"
#endif

static inline vec vec_zero(void)
{
	return X86(setzero_ps)();
}

static inline vec vec_set(float x)
{
	return X86(set1_ps)(x);
}

static inline vec vec_load(const float *p)
{
	return X86(loadu_ps)(p);
}

static inline void vec_store(float *p, vec x)
{
	X86(storeu_ps)(p, x);
}

/* Past the caches, without reading the line first; p is aligned to a vector. */
static inline void vec_stream(float *p, vec x)
{
	X86(stream_ps)(p, x);
}

static inline vec vec_add(vec a, vec b)
{
	return X86(add_ps)(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
	return X86(sub_ps)(a, b);
}

static inline vec vec_mul(vec a, vec b)
{
	return X86(mul_ps)(a, b);
}

static inline vec vec_div(vec a, vec b)
{
	return X86(div_ps)(a, b);
}

static inline vec vec_sqrt(vec a)
{
	return X86(sqrt_ps)(a);
}

/* a * b + c, rounded once */
static inline vec vec_fma(vec a, vec b, vec c)
{
	return X86(fmadd_ps)(a, b, c);
}

/* x < 0 ? 0 : x: of two zeros, or where one operand is not a number, the instruction gives the second. */
static inline vec vec_relu(vec x)
{
	return X86(max_ps)(X86(setzero_ps)(), x);
}

/* As many lanes of doubles, for sums: those of a vector's first half, and of its second. */
typedef struct {
	vec_double low, high;
} vec_total;

static inline vec_total vec_total_zero(void)
{
	return (vec_total){ X86(setzero_pd)(), X86(setzero_pd)() };
}

static inline vec_total vec_total_sum(vec_total a, vec_total b)
{
	return (vec_total){ X86(add_pd)(a.low, b.low), X86(add_pd)(a.high, b.high) };
}

static inline vec_total vec_widen(vec x)
{
	return (vec_total){ vec_low(x), vec_high(x) };
}

/* total + a * b; the products of floats are exact */
static inline vec_total vec_total_add(vec_total total, vec a, vec b)
{
	return (vec_total){ X86(fmadd_pd)(vec_low(a), vec_low(b), total.low),
		                X86(fmadd_pd)(vec_high(a), vec_high(b), total.high) };
}

#endif
