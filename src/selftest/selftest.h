/* Every kernel of an instruction set against the generic one, and the operations
 * built on them against loops that cannot be wrong. Needs no test framework: the
 * program runs it (also under emulation), and so do the tests. */
#ifndef SGAN_SELFTEST_H
#define SGAN_SELFTEST_H

#include <sgan/sgan.h>

struct sgan_selftest_report {
	/* A check is done: failure is NULL, or one line that says what was wrong. */
	void (*result)(void *arg, const char *check, const char *failure);
	/* isa, which is not the generic set, has the generic set's function for this kernel. NULL: not asked. */
	void (*left_generic)(void *arg, const char *kernel);
	void *arg;
};

/* Runs all checks of isa with as many threads as ctx has, and says how each went. Memory ends at pages of `page` bytes,
 * a power of two, where it is larger than this machine's, which 0 asks for; then kernels alone are checked.
 * SGAN_EUNSUPPORTED: this build or machine lacks isa; SGAN_ENOMEM. That checks
 * fail is for the report: the status is SGAN_OK all the same. */
sgan_status sgan_selftest(sgan_ctx *ctx, sgan_isa isa, size_t page, const struct sgan_selftest_report *report);

#endif
