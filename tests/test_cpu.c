/* The machine: recorded CPUs decoded again, instruction sets by name, contexts,
 * memory and messages. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "src/cpu/cgroup.h"
#include "src/exec/ctx.h"
#include "src/cpu/detect.h"
#include "src/cpu/memory.h"
#include "src/cpu/status.h"

/* clang-format off: a recording reads best as its registers stand. */
#define INTEL(max)                                                                                                     \
	{                                                                                                                  \
		(max), 0x756e6547, 0x6c65746e, 0x49656e69                                                                      \
	}
#define AMD(max)                                                                                                       \
	{                                                                                                                  \
		(max), 0x68747541, 0x444d4163, 0x69746e65                                                                      \
	}
#define EVERYTHING                                                                                                     \
	{                                                                                                                  \
		0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff                                                                 \
	}

static const struct recording {
	const char *what;
	struct sgan_cpuid cpuid;
	unsigned family, model;
	bool avx2, avx512;
} recordings[] = {
	{ "Nehalem server: before AVX; leaf 7 is there and empty",
	  { .leaf0 = INTEL(11), .leaf1 = { 0x000106a5, 0x00100800, 0x009ce3bd, 0xbfebfbff } },
	  6,
	  26,
	  false,
	  false },
	{ "Core 2: leaf 7 is above the highest and answers as another leaf",
	  { .leaf0 = INTEL(6), .leaf1 = { 0x000006fb, 0x00040800, 0x0000e3bd, 0xbfebfbff }, .leaf7 = EVERYTHING },
	  6,
	  15,
	  false,
	  false },
	{ "every bit set, but leaf 7 above the highest",
	  { .leaf0 = INTEL(6), .leaf1 = EVERYTHING, .leaf7 = EVERYTHING, .xcr0 = UINT64_MAX },
	  270,
	  255,
	  false,
	  false },
	{ "no leaf but 0",
	  { .leaf0 = INTEL(0), .leaf1 = EVERYTHING, .leaf7 = EVERYTHING, .xcr0 = UINT64_MAX },
	  0,
	  0,
	  false,
	  false },
	{ "Phenom II: AMD before AVX, highest leaf 5",
	  { .leaf0 = AMD(5), .leaf1 = { 0x00100f43, 0x00040800, 0x00802009, 0x178bfbff }, .leaf7 = EVERYTHING },
	  16,
	  4,
	  false,
	  false },
	{ "Sandy Bridge: AVX without AVX2",
	  { .leaf0 = INTEL(13), .leaf1 = { 0x000206a7, 0x00100800, 0x1fbae3ff, 0xbfebfbff }, .xcr0 = 0x7 },
	  6,
	  42,
	  false,
	  false },
	{ "Haswell",
	  { .leaf0 = INTEL(13),
	    .leaf1 = { 0x000306c3, 0x00100800, 0x7ffafbff, 0xbfebfbff },
	    .leaf7 = { 0, 0x000027ab, 0, 0 },
	    .xcr0 = 0x7 },
	  6,
	  60,
	  true,
	  false },
	{ "Haswell behind a hypervisor that hides FMA: AVX2 alone is not enough",
	  { .leaf0 = INTEL(13),
	    .leaf1 = { 0x000306c3, 0x00100800, 0x7ffaebff, 0xbfebfbff },
	    .leaf7 = { 0, 0x000027ab, 0, 0 },
	    .xcr0 = 0x7 },
	  6,
	  60,
	  false,
	  false },
	{ "Haswell, operating system without XSAVE: OSXSAVE is off and XCR0 was never read",
	  { .leaf0 = INTEL(13),
	    .leaf1 = { 0x000306c3, 0x00100800, 0x77fafbff, 0xbfebfbff },
	    .leaf7 = { 0, 0x000027ab, 0, 0 },
	    .xcr0 = 0 },
	  6,
	  60,
	  false,
	  false },
	{ "the same with a stale XCR0: what OSXSAVE does not vouch for is not looked at",
	  { .leaf0 = INTEL(13),
	    .leaf1 = { 0x000306c3, 0x00100800, 0x77fafbff, 0xbfebfbff },
	    .leaf7 = { 0, 0x000027ab, 0, 0 },
	    .xcr0 = 0x7 },
	  6,
	  60,
	  false,
	  false },
	{ "Haswell, operating system saves SSE alone",
	  { .leaf0 = INTEL(13),
	    .leaf1 = { 0x000306c3, 0x00100800, 0x7ffafbff, 0xbfebfbff },
	    .leaf7 = { 0, 0x000027ab, 0, 0 },
	    .xcr0 = 0x3 },
	  6,
	  60,
	  false,
	  false },
	{ "Knights Landing: AVX-512 F and CD, but neither BW, DQ nor VL",
	  { .leaf0 = INTEL(13),
	    .leaf1 = { 0x00050671, 0x00ff0800, 0x7ff8f3bf, 0xbfebfbff },
	    .leaf7 = { 0, 0x1c0d23ab, 0x00000001, 0 },
	    .xcr0 = 0xe7 },
	  6,
	  87,
	  true,
	  false },
	{ "Cascade Lake, one socket of two",
	  { .leaf0 = INTEL(22),
	    .leaf1 = { 0x00050657, 0x00400800, 0x7ffefbff, 0xbfebfbff },
	    .leaf7 = { 0, 0xd39ffffb, 0x00000818, 0xbc000400 },
	    .xcr0 = 0x2e7 },
	  6,
	  85,
	  true,
	  true },
	{ "Cascade Lake, operating system saves ymm but not zmm",
	  { .leaf0 = INTEL(22),
	    .leaf1 = { 0x00050657, 0x00400800, 0x7ffefbff, 0xbfebfbff },
	    .leaf7 = { 0, 0xd39ffffb, 0x00000818, 0xbc000400 },
	    .xcr0 = 0x207 },
	  6,
	  85,
	  true,
	  false },
	{ "Cascade Lake, mask registers saved but not the registers from 16 up",
	  { .leaf0 = INTEL(22),
	    .leaf1 = { 0x00050657, 0x00400800, 0x7ffefbff, 0xbfebfbff },
	    .leaf7 = { 0, 0xd39ffffb, 0x00000818, 0xbc000400 },
	    .xcr0 = 0x67 },
	  6,
	  85,
	  true,
	  false },
	{ "Sapphire Rapids in a virtual machine, AMX too",
	  { .leaf0 = INTEL(32),
	    .leaf1 = { 0x000c06f2, 0x00020800, 0xfffa3203, 0x1f8bfbff },
	    .leaf7 = { 2, 0xf1bf27eb, 0x1b415fde, 0xbfd14410 },
	    .xcr0 = 0x602e7,
	    .extended = { 0x80000008, 0, 0, 0 },
	    .brand = { { 0x65746e49, 0x2952286c, 0x6f655820, 0x2952286e }, { 0x6f725020, 0x73736563, 0x0000726f, 0 } } },
	  6,
	  207,
	  true,
	  true },
	{ "EPYC 7763, one socket of two: AVX2, no AVX-512",
	  { .leaf0 = AMD(16),
	    .leaf1 = { 0x00a00f11, 0x00800800, 0x7efa320b, 0x178bfbff },
	    .leaf7 = { 0, 0x219c97a9, 0x0040068c, 0x00000010 },
	    .xcr0 = 0x207 },
	  25,
	  1,
	  true,
	  false },
	{ "Ryzen 9 7950X: a desktop with AVX-512",
	  { .leaf0 = AMD(16),
	    .leaf1 = { 0x00a60f12, 0x00200800, 0x7ef8320b, 0x178bfbff },
	    .leaf7 = { 1, 0xf1bf97a9, 0x00405fce, 0x10000010 },
	    .xcr0 = 0x2e7 },
	  25,
	  97,
	  true,
	  true },
	{ "Alder Lake: AVX-512 fused off",
	  { .leaf0 = INTEL(32),
	    .leaf1 = { 0x00090672, 0x00400800, 0x7ffafbff, 0xbfebfbff },
	    .leaf7 = { 2, 0x239c27eb, 0x98c027bc, 0xfc1cc410 },
	    .xcr0 = 0x207 },
	  6,
	  151,
	  true,
	  false },
};
/* clang-format on */

Test(cpu, recorded_machines)
{
	for (size_t i = 0; i < sizeof recordings / sizeof recordings[0]; i++) {
		const struct recording *r = &recordings[i];
		struct sgan_cpu cpu;
		sgan_cpu_decode_x86(&r->cpuid, &cpu);
		cr_expect(cpu.isa[SGAN_ISA_GENERIC], "%s: generic", r->what);
		cr_expect_eq(cpu.isa[SGAN_ISA_AVX2], r->avx2, "%s: avx2", r->what);
		cr_expect_eq(cpu.isa[SGAN_ISA_AVX512], r->avx512, "%s: avx512", r->what);
		cr_expect_not(cpu.isa[SGAN_ISA_NEON], "%s: neon", r->what);
		cr_expect_eq(cpu.family, r->family, "%s: family %u", r->what, cpu.family);
		cr_expect_eq(cpu.model, r->model, "%s: model %u", r->what, cpu.model);
	}
}

/* Each of AVX-512's four parts is needed, and AVX2 under them. */
Test(cpu, every_part_is_needed)
{
	static const uint32_t parts[] = { 5, 16, 17, 30, 31 };
	struct sgan_cpuid cpuid = { .leaf0 = INTEL(22), .leaf1 = { 0x00050657, 0, 0x7ffefbff, 0xbfebfbff }, .xcr0 = 0xe7 };
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		struct sgan_cpu cpu;
		cpuid.leaf7 = (struct sgan_regs){ 0, 0xd39ffffbu & ~(UINT32_C(1) << parts[i]), 0, 0 };
		sgan_cpu_decode_x86(&cpuid, &cpu);
		cr_expect_not(cpu.isa[SGAN_ISA_AVX512], "without bit %u of leaf 7", parts[i]);
	}
}

Test(cpu, names_of_recorded_machines)
{
	struct sgan_cpu cpu;
	for (size_t i = 0; i < sizeof recordings / sizeof recordings[0]; i++)
		if (recordings[i].cpuid.extended.eax) {
			sgan_cpu_decode_x86(&recordings[i].cpuid, &cpu);
			cr_expect_str_eq(cpu.vendor, "GenuineIntel");
			cr_expect_str_eq(cpu.brand, "Intel(R) Xeon(R) Processor");
		}

	/* Padded to the right, as Intel's once were, and with no end; and bytes that are no text. */
	struct sgan_cpuid cpuid = { .leaf0 = AMD(1), .extended = { 0x80000004u, 0, 0, 0 } };
	memcpy(cpuid.brand, "                        A CPU of exactly 48 bytes\n", 48);
	sgan_cpu_decode_x86(&cpuid, &cpu);
	cr_expect_str_eq(cpu.vendor, "AuthenticAMD");
	cr_expect_str_eq(cpu.brand, "A CPU of exactly 48 byte");
	memset(cpuid.brand, 0x80, 48);
	sgan_cpu_decode_x86(&cpuid, &cpu);
	cr_expect_eq(strlen(cpu.brand), 48);
	cr_expect_eq(cpu.brand[47], '?');
	cpuid.extended.eax = 0x80000003u;
	sgan_cpu_decode_x86(&cpuid, &cpu);
	cr_expect_str_eq(cpu.brand, "");
}

Test(cpu, aarch64_hwcap)
{
	struct sgan_cpu cpu;
	sgan_cpu_decode_aarch64(0xff, 0, &cpu); /* a Cortex-A72: fp asimd evtstrm aes pmull sha1 sha2 crc32 */
	cr_expect(cpu.isa[SGAN_ISA_NEON]);
	cr_expect(cpu.isa[SGAN_ISA_GENERIC]);
	cr_expect_not(cpu.isa[SGAN_ISA_AVX2]);
	cr_expect_str_eq(cpu.brand, "");
	sgan_cpu_decode_aarch64(0xfd, 0, &cpu);
	cr_expect_not(cpu.isa[SGAN_ISA_NEON]);
}

Test(cpu, aarch64_core)
{
	struct sgan_cpu cpu;
	sgan_cpu_decode_aarch64(0xff, 0x413fd0c1, &cpu);
	cr_expect_str_eq(cpu.brand, "Arm Neoverse N1 r3p1");
	sgan_cpu_decode_aarch64(0xff, 0xffffffff, &cpu); /* the longest name */
	cr_expect_str_eq(cpu.brand, "AArch64 implementer 0xff part 0xfff r15p15");
}

Test(cpu, this_machine_agrees_with_the_compiler)
{
	struct sgan_cpu cpu;
	sgan_cpu_read(&cpu);
	cr_expect(cpu.isa[SGAN_ISA_GENERIC]);
#if defined __x86_64__
	/* GCC's own detection, made by others. */
	bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
	bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
	cr_expect_eq(cpu.isa[SGAN_ISA_AVX2], avx2);
	cr_expect_eq(cpu.isa[SGAN_ISA_AVX512], avx512);
#endif
}

Test(isa, names)
{
	for (int i = 0; i < SGAN_ISA_COUNT; i++) {
		sgan_isa isa = SGAN_ISA_COUNT;
		cr_expect_eq(sgan_isa_parse(sgan_isa_name((sgan_isa)i), &isa), SGAN_OK);
		cr_expect_eq((int)isa, i);
	}
	sgan_isa untouched = SGAN_ISA_NEON;
	cr_expect_eq(sgan_isa_parse("AVX", &untouched), SGAN_EINVAL);
	cr_expect_eq(untouched, SGAN_ISA_NEON);
	cr_expect_str_eq(sgan_last_error(), "unknown instruction set \"AVX\": generic, avx2, avx512 or neon expected");
	cr_expect_eq(sgan_isa_parse("", &untouched), SGAN_EINVAL);
	cr_expect_str_eq(sgan_isa_name(SGAN_ISA_COUNT), "unknown");
}

Test(isa, tables)
{
	cr_expect(sgan_isa_built(SGAN_ISA_GENERIC));
	cr_expect(sgan_isa_usable(SGAN_ISA_GENERIC));
	cr_expect(sgan_isa_usable(sgan_isa_best()));
	cr_expect_null(sgan_kernels_for(SGAN_ISA_COUNT));
	for (int i = 0; i < SGAN_ISA_COUNT; i++) {
		const struct sgan_kernels *kernels = sgan_kernels_for((sgan_isa)i);
		cr_expect_eq(sgan_isa_built((sgan_isa)i), kernels != NULL);
		if (kernels)
			cr_expect_eq((int)kernels->isa, i);
		if (sgan_isa_usable((sgan_isa)i))
			cr_expect_geq((int)sgan_isa_best(), i);
	}
}

Test(ctx, options)
{
	sgan_ctx *ctx = NULL;
	sgan_ctx_options options = { .isa = "generic", .threads = 3 };
	cr_assert_eq(sgan_ctx_create(&options, &ctx), SGAN_OK);
	cr_expect_eq(sgan_ctx_isa(ctx), SGAN_ISA_GENERIC);
	cr_expect_eq(sgan_ctx_threads(ctx), 3);
	sgan_ctx_destroy(ctx);
	sgan_ctx_destroy(NULL);

	static const struct {
		sgan_ctx_options options;
		sgan_status status;
	} wrong[] = { { { .isa = "sse" }, SGAN_EINVAL },
		          { { .threads = -1 }, SGAN_EINVAL },
		          { { .threads = 1025 }, SGAN_EINVAL },
		          { { .threads = INT32_MAX }, SGAN_EINVAL },
		          { { .isa = "neon" }, SGAN_EUNSUPPORTED } };
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		sgan_ctx *none = NULL;
		cr_expect_eq(sgan_ctx_create(&wrong[i].options, &none), wrong[i].status, "case %zu", i);
		cr_expect_null(none);
		cr_expect_neq(sgan_last_error()[0], '\0');
	}
}

Test(ctx, environment)
{
	sgan_ctx *ctx;
	setenv("SGAN_ISA", "generic", 1);
	setenv("OMP_NUM_THREADS", "5,2", 1);
	cr_assert_eq(sgan_ctx_create(NULL, &ctx), SGAN_OK);
	cr_expect_eq(sgan_ctx_isa(ctx), SGAN_ISA_GENERIC);
	cr_expect_eq(sgan_ctx_threads(ctx), 5);
	sgan_ctx_destroy(ctx);

	sgan_ctx_options options = { .threads = 2 };
	cr_assert_eq(sgan_ctx_create(&options, &ctx), SGAN_OK);
	cr_expect_eq(sgan_ctx_threads(ctx), 2, "the options win");
	sgan_ctx_destroy(ctx);

	setenv("SGAN_ISA", "", 1);
	unsetenv("OMP_NUM_THREADS");
	cr_assert_eq(sgan_ctx_create(NULL, &ctx), SGAN_OK);
	cr_expect_eq(sgan_ctx_isa(ctx), sgan_isa_best());
	cr_expect_eq(sgan_ctx_threads(ctx), sgan_cpus_allowed());
	sgan_ctx_destroy(ctx);

	setenv("SGAN_ISA", "mmx", 1);
	cr_expect_eq(sgan_ctx_create(NULL, &ctx), SGAN_EINVAL);
	cr_expect_str_eq(sgan_last_error(),
	                 "SGAN_ISA: unknown instruction set \"mmx\": generic, avx2, avx512 or neon expected");
	unsetenv("SGAN_ISA");
	static const char *const wrong[] = { "0", "-2", "two", "2 two", "4096", "99999999999999999999", " " };
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		setenv("OMP_NUM_THREADS", wrong[i], 1);
		cr_expect_eq(sgan_ctx_create(NULL, &ctx), SGAN_EINVAL, "OMP_NUM_THREADS=\"%s\"", wrong[i]);
	}
}

Test(ctx, scratch)
{
	sgan_ctx *ctx;
	cr_assert_eq(sgan_ctx_create(NULL, &ctx), SGAN_OK);
	char *small = sgan_ctx_scratch(ctx, 100);
	cr_assert_not_null(small);
	cr_expect_eq((uintptr_t)small % SGAN_ALIGN, 0);
	cr_expect_eq(sgan_ctx_scratch(ctx, 50), small);
	char *large = sgan_ctx_scratch(ctx, 5 << 20);
	cr_assert_not_null(large);
	large[0] = large[(5 << 20) - 1] = 1;
	cr_expect_null(sgan_ctx_scratch(ctx, SIZE_MAX));
	cr_expect_eq(sgan_ctx_scratch(ctx, 5 << 20), large, "a refused request leaves what there was");
	sgan_ctx_destroy(ctx);
}

Test(memory, sizes)
{
	size_t product = 7;
	cr_expect(sgan_size_mul3(3, 5, 7, &product));
	cr_expect_eq(product, 105);
	cr_expect(sgan_size_mul3(0, SIZE_MAX, 1, &product));
	cr_expect_not(sgan_size_mul3(SIZE_MAX, 2, 1, &product));
	cr_expect_not(sgan_size_mul3(SIZE_MAX / 2, 2, 2, &product));
	cr_expect_not(sgan_size_mul3(UINT32_MAX, UINT32_MAX, 2, &product));
}

Test(memory, aligned_and_zero)
{
	static const size_t sizes[] = { 0, 1, 63, 64, 65, 4096, (2 << 20) - 1, 2 << 20, (2 << 20) + 1, 9 << 20 };
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		unsigned char *block = sgan_alloc(sizes[i], 1);
		cr_assert_not_null(block, "%zu bytes", sizes[i]);
		cr_expect_eq((uintptr_t)block % SGAN_ALIGN, 0, "%zu bytes", sizes[i]);
		size_t set = 0;
		for (size_t j = 0; j < sizes[i]; j++)
			set += block[j] != 0;
		cr_expect_eq(set, 0, "%zu bytes", sizes[i]);
		memset(block, 0xa5, sizes[i]);
		sgan_free(block);
	}
	sgan_free(NULL);
}

Test(memory, refusals)
{
	cr_expect_null(sgan_alloc(SIZE_MAX / 2, 4));
	cr_expect_not_null(strstr(sgan_last_error(), "more than can be addressed"));
	cr_expect_null(sgan_alloc(SIZE_MAX, 1));
	cr_expect_null(sgan_alloc(PTRDIFF_MAX - 64, 1));
}

static sgan_status inner(int fails)
{
	return fails ? sgan_fail(SGAN_EFORMAT, "header says %d, %d found", 3, 4) : SGAN_OK;
}

static sgan_status outer(int fails, bool *reached)
{
	SGAN_TRY(inner(fails));
	*reached = true;
	return SGAN_OK;
}

Test(status, messages)
{
	cr_expect_str_eq(sgan_last_error(), "");
	bool reached = false;
	cr_expect_eq(outer(0, &reached), SGAN_OK);
	cr_expect(reached);
	reached = false;
	cr_expect_eq(outer(1, &reached), SGAN_EFORMAT);
	cr_expect_not(reached);
	cr_expect_eq(sgan_fail_in(SGAN_EFORMAT, "%s", "a\nfile"), SGAN_EFORMAT);
	cr_expect_str_eq(sgan_last_error(), "a?file: header says 3, 4 found");
	sgan_fail(SGAN_EINVAL, "again %s", sgan_last_error());
	cr_expect_str_eq(sgan_last_error(), "again a?file: header says 3, 4 found");
	cr_expect_str_eq(sgan_version(), PACKAGE_VERSION);
}

Test(status, long_messages_are_cut)
{
	char text[3000];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	sgan_fail(SGAN_EINVAL, "%s", text);
	size_t length = strlen(sgan_last_error());
	cr_expect_lt(length, 1100);
	sgan_fail_in(SGAN_EINVAL, "where");
	cr_expect_eq(strncmp(sgan_last_error(), "where: xxx", 10), 0);
	cr_expect_eq(strlen(sgan_last_error()), length);
	for (int i = 0; i < 3000; i += 7) {
		sgan_fail(SGAN_EINVAL, "inner");
		sgan_fail_in(SGAN_EINVAL, "%.*s", i, text);
		cr_expect_leq(strlen(sgan_last_error()), length);
	}
}
