/* Random numbers by counter, a block of four elements in each lane; kernels.def says what. The same integers,
 * additions, multiplications and roots as kernels/generic/random.c, none fused, so that the bits are the same;
 * its loops and branches are done on exponents and signs. */
#include "kernels/simd/philox.h"

enum { GROUP = 4 * VEC }; /* elements that are made at a time */

/* The random words of VEC blocks from `block` on, in bits_block_order: word[j] is element j's. */
SIMD_INLINE void philox_blocks(uint64_t seed, uint32_t stream, uint64_t step, uint32_t block, bits word[4])
{
	philox_words(seed, stream, step, bits_add(bits_set(block), bits_block_order()), word);
}

SIMD_INLINE vec horner(vec p, vec x, float coefficient)
{
	return vec_add(vec_mul(p, x), vec_set(coefficient));
}

/* ln(k / 2^24): the exponent counts from sqrt(1/2), the float below which the generic kernel stops halving. */
SIMD_INLINE vec log_unit(bits k)
{
	const uint32_t root_half = 0x3F3504F3, one = 0x3F800000;
	bits from_root = bits_add(vec_as_bits(bits_to_float(k)), bits_set(one - root_half));
	vec e = bits_to_float(bits_sub(bits_shift_right(from_root, 23), bits_set(127 + 24)));
	vec t = vec_sub(bits_as_vec(bits_add(bits_and(from_root, bits_set(0x7FFFFF)), bits_set(root_half))), vec_set(1));
	vec p = vec_set(0.0874394551f);

	p = horner(p, t, -0.143773302f);
	p = horner(p, t, 0.149490952f);
	p = horner(p, t, -0.165606961f);
	p = horner(p, t, 0.199569777f);
	p = horner(p, t, -0.250021547f);
	p = horner(p, t, 0.333341837f);
	p = horner(p, t, -0.499999881f);
	p = horner(p, t, 1);
	return vec_add(vec_mul(e, vec_set(0.693147182f)), vec_mul(t, p));
}

/* Cosine and sine of 2 pi k / 2^24: polynomials of the rest of a quarter turn, exchanged in odd quarters; the
 * cosine is negative in quarters 1 and 2, the sine in 2 and 3. */
SIMD_INLINE void turn(bits k, vec *cosine, vec *sine)
{
	bits q = bits_shift_right(bits_add(k, bits_set(1u << 21)), 22);
	bits cosine_sign = bits_shift_left(bits_and(bits_add(q, bits_set(1)), bits_set(2)), 30);
	bits sine_sign = bits_shift_left(bits_and(q, bits_set(2)), 30);
	vec odd = bits_to_float(bits_and(q, bits_set(1)));
	vec r = vec_mul(bits_to_float(bits_sub(k, bits_shift_left(q, 22))), vec_set(0x1p-24f));
	vec z = vec_mul(r, r), s = vec_set(-75.4018403f), c = vec_set(59.2202881f);

	s = horner(s, z, 81.5925482f);
	s = horner(s, z, -41.3416626f);
	s = horner(s, z, 6.28318529f);
	s = vec_mul(s, r);
	c = horner(c, z, -85.4428484f);
	c = horner(c, z, 64.9393162f);
	c = horner(c, z, -19.7392087f);
	c = horner(c, z, 1);
	*cosine = bits_as_vec(bits_xor(vec_as_bits(vec_if_positive(odd, s, c)), cosine_sign));
	*sine = bits_as_vec(bits_xor(vec_as_bits(vec_if_positive(odd, c, s)), sine_sign));
}

SIMD_INLINE void normal_pairs(bits word0, bits word1, vec pair[2])
{
	vec log_u = log_unit(bits_add(bits_shift_right(word0, 8), bits_set(1)));
	vec radius = vec_sqrt(vec_mul(vec_set(-2), log_u));
	vec cosine, sine;

	turn(bits_shift_right(word1, 8), &cosine, &sine);
	pair[0] = vec_mul(radius, cosine);
	pair[1] = vec_mul(radius, sine);
}

/* The first n of a group's elements. */
SIMD_INLINE void store_group(float *dst, vec value[4], size_t n)
{
	bits_interleave(value);
	for (size_t v = 0; v < 4 && v * VEC < n; v++)
		vec_store_n(dst + v * VEC, value[v], n - v * VEC);
}

void SGAN_SYMBOL(VEC_ISA(uniform))(uint64_t seed, uint32_t stream, uint64_t step, size_t first, size_t count,
                                   real *dst)
{
	for (size_t i = 0; i < count; i += GROUP) {
		bits word[4];
		vec value[4];
		philox_blocks(seed, stream, step, (uint32_t)((first + i) / 4), word);
		for (size_t j = 0; j < 4; j++)
			value[j] = vec_mul(bits_to_float(bits_shift_right(word[j], 8)), vec_set(0x1p-24f));
		store_group(dst + i, value, count - i);
	}
}

void SGAN_SYMBOL(VEC_ISA(normal))(uint64_t seed, uint32_t stream, uint64_t step, size_t first, size_t count,
                                  real *dst)
{
	for (size_t i = 0; i < count; i += GROUP) {
		bits word[4];
		vec value[4];
		philox_blocks(seed, stream, step, (uint32_t)((first + i) / 4), word);
		normal_pairs(word[0], word[1], value);
		normal_pairs(word[2], word[3], value + 2);
		store_group(dst + i, value, count - i);
	}
}
