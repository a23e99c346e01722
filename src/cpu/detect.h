/* Which instruction sets a CPU can run, from the values of its registers. */
#ifndef SGAN_CPU_DETECT_H
#define SGAN_CPU_DETECT_H

#include <sgan/sgan.h>

struct sgan_regs {
	uint32_t eax, ebx, ecx, edx;
};

/* What CPUID and XGETBV say on x86-64, as read; parts that the CPU lacks may hold anything. */
struct sgan_cpuid {
	struct sgan_regs leaf0; /* eax: the highest basic leaf; ebx, edx, ecx: the vendor */
	struct sgan_regs leaf1;
	struct sgan_regs leaf7; /* subleaf 0 */
	uint64_t xcr0;
	struct sgan_regs extended; /* 0x80000000; eax: the highest extended leaf */
	struct sgan_regs brand[3]; /* 0x80000002 .. 4 */
};

struct sgan_cpu {
	char vendor[13]; /* "GenuineIntel"; "" where not known */
	char brand[49];
	unsigned family, model, stepping;
	bool isa[SGAN_ISA_COUNT]; /* what it can run, whether built or not */
};

void sgan_cpu_decode_x86(const struct sgan_cpuid *cpuid, struct sgan_cpu *cpu);

/* hwcap is the auxiliary vector's AT_HWCAP, midr the register MIDR_EL1, which tells the core and has a name for common
 * ones alone; 0: not known. */
void sgan_cpu_decode_aarch64(uint64_t hwcap, uint64_t midr, struct sgan_cpu *cpu);

/* Reads this machine and decodes it. */
void sgan_cpu_read(struct sgan_cpu *cpu);

#endif
