/* CPU detection: decoding is a function of register values alone, so that tests
 * replay recorded machines; only sgan_cpu_read looks at this one. */
#include "src/cpu/detect.h"

#include <stdio.h>
#include <string.h>

#if defined __x86_64__
#include <cpuid.h>
#elif defined __aarch64__ && defined __linux__
#include <sys/auxv.h>
#endif

enum {
	LEAF1_ECX_FMA = 12,
	LEAF1_ECX_OSXSAVE = 27,
	LEAF1_ECX_AVX = 28,
	LEAF7_EBX_AVX2 = 5,
	LEAF7_EBX_AVX512F = 16,
	LEAF7_EBX_AVX512DQ = 17,
	LEAF7_EBX_AVX512BW = 30,
	LEAF7_EBX_AVX512VL = 31,
	HWCAP_ASIMD_BIT = 1,
	HWCAP_CPUID_BIT = 11 /* a program may read MIDR_EL1: Linux does it in its place */
};

/* What the operating system saves when it switches threads. */
enum {
	XCR0_AVX = 0x06,   /* SSE and the upper halves of ymm */
	XCR0_AVX512 = 0xe6 /* and mask registers, the upper halves of zmm0-15, zmm16-31 */
};

static bool bit(uint32_t word, int number)
{
	return word >> number & 1;
}

/* The 4 * n bytes of n registers, as a string without the blanks around it. */
static void text_from(const uint32_t *words, size_t n, char *text)
{
	char bytes[49];
	memcpy(bytes, words, 4 * n);
	bytes[4 * n] = '\0';
	size_t begin = strspn(bytes, " ");
	size_t length = strlen(bytes + begin);
	while (length && bytes[begin + length - 1] == ' ')
		length--;
	for (size_t i = 0; i < length; i++) {
		char c = bytes[begin + i];
		text[i] = c >= 0x20 && c < 0x7f ? c : '?';
	}
	text[length] = '\0';
}

static void decode_names(const struct sgan_cpuid *cpuid, struct sgan_cpu *cpu)
{
	const uint32_t vendor[3] = { cpuid->leaf0.ebx, cpuid->leaf0.edx, cpuid->leaf0.ecx };
	text_from(vendor, 3, cpu->vendor);
	if (cpuid->extended.eax < 0x80000004u)
		return;
	uint32_t brand[12];
	memcpy(brand, cpuid->brand, sizeof brand);
	text_from(brand, 12, cpu->brand);
}

static void decode_signature(uint32_t eax, struct sgan_cpu *cpu)
{
	cpu->stepping = eax & 15;
	cpu->model = eax >> 4 & 15;
	cpu->family = eax >> 8 & 15;
	if (cpu->family == 6 || cpu->family == 15)
		cpu->model |= (eax >> 16 & 15) << 4;
	if (cpu->family == 15)
		cpu->family += eax >> 20 & 255;
}

void sgan_cpu_decode_x86(const struct sgan_cpuid *cpuid, struct sgan_cpu *cpu)
{
	memset(cpu, 0, sizeof *cpu);
	cpu->isa[SGAN_ISA_GENERIC] = true;
	decode_names(cpuid, cpu);
	if (cpuid->leaf0.eax < 1)
		return;
	decode_signature(cpuid->leaf1.eax, cpu);

	/* XCR0 can be read only where OSXSAVE says so, and leaf 7 exists only where
	 * leaf 0 says so: Intel's CPUs answer a leaf too high with another one's bits. */
	const struct sgan_regs *l1 = &cpuid->leaf1, *l7 = &cpuid->leaf7;
	if (cpuid->leaf0.eax < 7 || !bit(l1->ecx, LEAF1_ECX_OSXSAVE) || !bit(l1->ecx, LEAF1_ECX_AVX) ||
	    (cpuid->xcr0 & XCR0_AVX) != XCR0_AVX)
		return;
	bool avx2 = bit(l7->ebx, LEAF7_EBX_AVX2) && bit(l1->ecx, LEAF1_ECX_FMA);
	cpu->isa[SGAN_ISA_AVX2] = avx2;
	cpu->isa[SGAN_ISA_AVX512] = avx2 && (cpuid->xcr0 & XCR0_AVX512) == XCR0_AVX512 && bit(l7->ebx, LEAF7_EBX_AVX512F) &&
	                            bit(l7->ebx, LEAF7_EBX_AVX512BW) && bit(l7->ebx, LEAF7_EBX_AVX512DQ) &&
	                            bit(l7->ebx, LEAF7_EBX_AVX512VL);
}

/* MIDR_EL1 as Arm's Architecture Reference Manual has it: implementer 31:24, variant 23:20, part 15:4, revision 3:0.
 * Parts are numbered by their implementers; these are in Linux's arch/arm64/include/asm/cputype.h. */
static void name_core(uint32_t midr, char *name, size_t size)
{
	static const struct {
		uint32_t implementer, part;
		const char *name;
	} cores[] = {
		{ 0x41, 0xd03, "Arm Cortex-A53" },  { 0x41, 0xd07, "Arm Cortex-A57" },  { 0x41, 0xd08, "Arm Cortex-A72" },
		{ 0x41, 0xd0b, "Arm Cortex-A76" },  { 0x41, 0xd0c, "Arm Neoverse N1" }, { 0x41, 0xd40, "Arm Neoverse V1" },
		{ 0x41, 0xd49, "Arm Neoverse N2" }, { 0x41, 0xd4f, "Arm Neoverse V2" }, { 0x41, 0xd84, "Arm Neoverse V3" },
		{ 0x41, 0xd8e, "Arm Neoverse N3" }, { 0x46, 0x001, "Fujitsu A64FX" },   { 0x48, 0xd01, "HiSilicon TSV110" },
		{ 0xc0, 0xac3, "Ampere-1" },        { 0xc0, 0xac4, "Ampere-1a" },
	};
	const uint32_t implementer = midr >> 24 & 0xff, part = midr >> 4 & 0xfff;
	const unsigned variant = midr >> 20 & 0xf, revision = midr & 0xf;
	for (size_t i = 0; i < sizeof cores / sizeof *cores; i++)
		if (cores[i].implementer == implementer && cores[i].part == part) {
			snprintf(name, size, "%s r%up%u", cores[i].name, variant, revision);
			return;
		}
	snprintf(name, size, "AArch64 implementer 0x%02x part 0x%03x r%up%u", (unsigned)implementer, (unsigned)part,
	         variant, revision);
}

void sgan_cpu_decode_aarch64(uint64_t hwcap, uint64_t midr, struct sgan_cpu *cpu)
{
	memset(cpu, 0, sizeof *cpu);
	cpu->isa[SGAN_ISA_GENERIC] = true;
	cpu->isa[SGAN_ISA_NEON] = hwcap >> HWCAP_ASIMD_BIT & 1;
	if (midr != 0)
		name_core((uint32_t)midr, cpu->brand, sizeof cpu->brand);
}

#if defined __x86_64__
static struct sgan_regs leaf(uint32_t number)
{
	struct sgan_regs regs;
	__cpuid_count(number, 0, regs.eax, regs.ebx, regs.ecx, regs.edx);
	return regs;
}

/* By its bytes: the instruction's name needs a flag that this file is built without. */
static uint64_t read_xcr0(void)
{
	uint32_t low, high;
	__asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

void sgan_cpu_read(struct sgan_cpu *cpu)
{
	struct sgan_cpuid cpuid = { .leaf0 = leaf(0), .extended = leaf(0x80000000u) };
	if (cpuid.leaf0.eax >= 1)
		cpuid.leaf1 = leaf(1);
	if (cpuid.leaf0.eax >= 7)
		cpuid.leaf7 = leaf(7);
	if (bit(cpuid.leaf1.ecx, LEAF1_ECX_OSXSAVE))
		cpuid.xcr0 = read_xcr0();
	if (cpuid.extended.eax >= 0x80000004u)
		for (uint32_t i = 0; i < 3; i++)
			cpuid.brand[i] = leaf(0x80000002u + i);
	sgan_cpu_decode_x86(&cpuid, cpu);
}
#elif defined __aarch64__
void sgan_cpu_read(struct sgan_cpu *cpu)
{
#if defined __linux__
	const uint64_t hwcap = getauxval(AT_HWCAP);
	uint64_t midr = 0;
	if (hwcap >> HWCAP_CPUID_BIT & 1)
		__asm__("mrs %0, midr_el1" : "=r"(midr));
	sgan_cpu_decode_aarch64(hwcap, midr, cpu);
#else
	sgan_cpu_decode_aarch64(UINT64_C(1) << HWCAP_ASIMD_BIT, 0, cpu); /* Apple's all have it */
#endif
}
#else
void sgan_cpu_read(struct sgan_cpu *cpu)
{
	memset(cpu, 0, sizeof *cpu);
	cpu->isa[SGAN_ISA_GENERIC] = true;
}
#endif
