/* The selftest under Criterion, for every instruction set that this machine has;
 * and that its checks see a kernel that is wrong. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "src/exec/ctx.h"
#include "src/selftest/check.h"
#include "src/selftest/selftest.h"
#include "tests/slow.h"

static sgan_ctx *context(sgan_isa isa, int threads)
{
	sgan_ctx_options options = { .isa = sgan_isa_name(isa), .threads = threads };
	sgan_ctx *ctx = NULL;

	cr_assert_eq(sgan_ctx_create(&options, &ctx), SGAN_OK, "%s", sgan_last_error());
	return ctx;
}

static void expect_passed(void *arg, const char *check, const char *failure)
{
	size_t *checks = arg;

	++*checks;
	cr_expect_null(failure, "%s: %s", check, failure);
}

static void expect_none_left(void *arg, const char *kernel)
{
	(void)arg;
	cr_expect_fail("%s: the set has no function of its own", kernel);
}

static void selftest(sgan_isa isa, size_t page)
{
	size_t checks = 0;
	struct sgan_selftest_report report = { expect_passed, expect_none_left, &checks };
	sgan_ctx *ctx = context(SGAN_ISA_GENERIC, 2);

	cr_expect_eq(sgan_selftest(ctx, isa, page, &report), SGAN_OK, "%s", sgan_last_error());
	cr_expect_gt(checks, 20, "%s: %zu checks", sgan_isa_name(isa), checks);
	sgan_ctx_destroy(ctx);
}

Test(kernels, each_set)
{
	if (is_emulated())
		cr_skip_test("each_set: tests/selftest.sh does the same");
	for (int i = 0; i < SGAN_ISA_COUNT; i++) {
		sgan_isa isa = (sgan_isa)i;
		if (sgan_isa_usable(isa))
			selftest(isa, 0);
		else
			fprintf(stderr, "skipped: kernels of %s: this %s\n", sgan_isa_name(isa),
			        sgan_isa_built(isa) ? "machine lacks it" : "build has none");
	}
}

/* Pages as AArch64 may have them: memory ends, and faults begin, where such a page does. */
static const size_t page_sizes[] = { 16 << 10, 64 << 10 };
enum { PAGE_SIZES = sizeof page_sizes / sizeof *page_sizes };

Test(kernels, each_set_at_the_end_of_larger_pages)
{
	for (size_t i = 0; i < PAGE_SIZES; i++)
		for (int isa = 0; isa < SGAN_ISA_COUNT; isa++)
			if (sgan_isa_usable((sgan_isa)isa))
				selftest((sgan_isa)isa, page_sizes[i]);
}

static void touch_input(struct check *c)
{
	for (size_t count = 1; count < 70000; count = 3 * count + 1) {
		const real *input = check_input(c, count);
		volatile real last = input[count - 1];
		(void)last;
		if ((uintptr_t)(input + count) % c->page)
			check_fail(c, "%zu elements do not end where a page of %zu bytes does", count, c->page);
	}
	check_release(c, "inputs");
}

static void touch_the_end_of_the_page_behind(struct check *c)
{
	const real *input = check_input(c, 100);
	volatile real beyond = input[100 + c->page / sizeof(real) - 1];

	(void)beyond;
}

Test(kernels, guards_are_as_large_as_pages)
{
	for (size_t i = 0; i < PAGE_SIZES; i++) {
		struct check c = { .page = page_sizes[i], .random = 1 };
		check_run(&c, touch_input);
		cr_expect_str_eq(c.failure, "", "%s", c.failure);
		check_run(&c, touch_the_end_of_the_page_behind);
		cr_expect_not_null(strstr(c.failure, "memory outside the arguments"), "\"%s\"", c.failure);
		check_close(&c);
	}
}

Test(kernels, unusable_is_refused)
{
	size_t checks = 0;
	struct sgan_selftest_report report = { .result = expect_passed, .arg = &checks };
	sgan_ctx *ctx = context(SGAN_ISA_GENERIC, 1);

	for (int isa = 0; isa < SGAN_ISA_COUNT; isa++)
		if (!sgan_isa_usable((sgan_isa)isa))
			cr_expect_eq(sgan_selftest(ctx, (sgan_isa)isa, 0, &report), SGAN_EUNSUPPORTED);
	cr_expect_eq(checks, 0);
	sgan_ctx_destroy(ctx);
}

static void note(void *arg, const char *kernel)
{
	strcat(arg, kernel);
	strcat(arg, " ");
}

Test(kernels, rows_left_generic_are_listed)
{
	struct sgan_kernels set = *sgan_kernels_for(sgan_isa_best());
	const struct sgan_kernels *generic = sgan_kernels_for(SGAN_ISA_GENERIC);
	char names[1024] = "";

	if (set.isa == SGAN_ISA_GENERIC)
		cr_skip_test("this machine has the generic set alone");
	set.add = generic->add;
	set.maxpool_grad = generic->maxpool_grad;
	check_left_generic(&set, note, names);
	cr_expect_str_eq(names, "add maxpool_grad ");
}

/* --- any number of threads --------------------------------------------------- */

/* A convolution's workspace grows with the threads, of which servers have many. */
static void convolutions_with(int threads)
{
	struct check c = { .oracle = sgan_kernels_for(SGAN_ISA_GENERIC), .random = 1 };

	c.ctx = context(sgan_isa_best(), threads);
	c.tested = c.ctx->kernels;
	check_run(&c, check_convolutions);
	cr_expect(!check_failed(&c), "%d threads: %s", threads, c.failure);
	check_run(&c, check_matrix_products);
	cr_expect(!check_failed(&c), "%d threads: %s", threads, c.failure);
	check_close(&c);
	sgan_ctx_destroy(c.ctx);
}

Test(kernels, operations_with_any_number_of_threads)
{
	static const int threads[] = { 1, 3, 4, 16, 64 };

	if (is_emulated())
		cr_skip_test("operations_with_any_number_of_threads: minutes in an emulator");
	for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
		convolutions_with(threads[i]);
}

/* --- kernels that are wrong in one way each ---------------------------------- */

static const struct sgan_kernels *right;

static void gemm_forgets_bias(size_t taps, const struct sgan_tap *tap, size_t k, const real *src, ptrdiff_t ld_src,
                              const real *panel, real *dst, ptrdiff_t ld_dst, size_t m, size_t n,
                              const struct sgan_epilogue *e)
{
	struct sgan_epilogue wrong = *e;

	wrong.bias = NULL;
	right->gemm(taps, tap, k, src, ld_src, panel, dst, ld_dst, m, n, &wrong);
}

static void gemm_writes_one_more(size_t taps, const struct sgan_tap *tap, size_t k, const real *src, ptrdiff_t ld_src,
                                 const real *panel, real *dst, ptrdiff_t ld_dst, size_t m, size_t n,
                                 const struct sgan_epilogue *e)
{
	right->gemm(taps, tap, k, src, ld_src, panel, dst, ld_dst, m, n, e);
	dst[(ptrdiff_t)(m - 1) * ld_dst + (ptrdiff_t)n] = 0;
}

static void add_reads_one_more(size_t count, const real *src, real *dst)
{
	volatile real beyond = src[count];

	(void)beyond;
	right->add(count, src, dst);
}

static void act_is_nearly_right(size_t count, const real *src, sgan_act act, real slope, real *dst)
{
	right->act(count, src, act, slope, dst);
	if (count == 33)
		dst[32] *= (real)1.0000002;
}

static void wgrad_misses_a_row(const struct sgan_walk *walk, const real *x, const real *y, real *sums,
                               ptrdiff_t ld_sums, size_t m, size_t n, bool accumulate)
{
	struct sgan_walk wrong = *walk;

	wrong.rows = walk->rows > 3 ? 3 : walk->rows;
	right->wgrad(&wrong, x, y, sums, ld_sums, m, n, accumulate);
}

static void expect_caught(struct sgan_kernels wrong, void (*run)(struct check *c), const char *text)
{
	struct check c = { .tested = &wrong, .oracle = sgan_kernels_for(SGAN_ISA_GENERIC), .random = 1 };

	check_run(&c, run);
	cr_expect(check_failed(&c), "not caught, expected a failure with \"%s\"", text);
	cr_expect_not_null(strstr(c.failure, text), "failure is \"%s\", expected \"%s\" in it", c.failure, text);
	check_close(&c);
}

Test(kernels, wrong_kernels_are_caught)
{
	struct sgan_kernels wrong;

	right = sgan_kernels_for(SGAN_ISA_GENERIC);
	wrong = *right;
	wrong.gemm = gemm_forgets_bias;
	expect_caught(wrong, check_gemm, "gemm m ");
	wrong.gemm = gemm_writes_one_more;
	expect_caught(wrong, check_gemm, "gemm m ");
	wrong.add = add_reads_one_more;
	expect_caught(wrong, check_add, "memory outside the arguments");
	wrong.act = act_is_nearly_right;
	expect_caught(wrong, check_act, "act count 33");
	wrong.wgrad = wgrad_misses_a_row;
	expect_caught(wrong, check_wgrad, "wgrad m ");
}
