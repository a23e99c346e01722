/* The part of Criterion's interface that the tests in plain_tests (tests/Makemodule.am) use, for where there is no
 * Criterion: it does not run under qemu-aarch64, and Debian's cannot be installed for two architectures at once.
 *
 * Tests run one after the other, in the file's order, in one process. So a crash ends them all, time limits are not
 * kept, and an assertion that fails must do so on the thread that runs the test. What is missing here does not compile. */
#ifndef SGAN_TESTS_PLAIN_CRITERION_H
#define SGAN_TESTS_PLAIN_CRITERION_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <sgan/sgan.h> /* SGAN_PRINTF */

struct plain_test {
	const char *suite, *name;
	void (*run)(void);
	double timeout; /* not kept */
	struct plain_test *next;
};

/* Adds a test behind those that there are. */
void plain_add(struct plain_test *test);

/* What a test found. A failure is printed and counted; plain_stop ends the test after one. */
bool plain_check(bool holds, const char *file, int line, const char *condition, const char *format, ...)
	SGAN_PRINTF(5, 6);
_Noreturn void plain_stop(void);
_Noreturn void plain_skip(const char *format, ...) SGAN_PRINTF(1, 2);
void plain_say(const char *format, ...) SGAN_PRINTF(1, 2);

#define Test(suite_, name_, ...)                                                                                       \
	static void suite_##_##name_(void);                                                                                \
	__attribute__((constructor)) static void suite_##_##name_##_add(void)                                              \
	{                                                                                                                  \
		static struct plain_test test = { .suite = #suite_, .name = #name_, .run = suite_##_##name_, __VA_ARGS__ };    \
		plain_add(&test);                                                                                              \
	}                                                                                                                  \
	static void suite_##_##name_(void)

/* The message, where there is one, begins with a string. */
#define cr_expect(condition, ...)                                                                                      \
	(void)plain_check((condition) ? true : false, __FILE__, __LINE__, #condition, " " __VA_ARGS__)
#define cr_assert(condition, ...)                                                                                      \
	do {                                                                                                               \
		if (!plain_check((condition) ? true : false, __FILE__, __LINE__, #condition, " " __VA_ARGS__))                 \
			plain_stop();                                                                                              \
	} while (0)

#define cr_expect_fail(...) cr_expect(false, __VA_ARGS__)
#define cr_expect_eq(a, b, ...) cr_expect((a) == (b), __VA_ARGS__)
#define cr_expect_gt(a, b, ...) cr_expect((a) > (b), __VA_ARGS__)
#define cr_expect_lt(a, b, ...) cr_expect((a) < (b), __VA_ARGS__)
#define cr_expect_null(a, ...) cr_expect((a) == NULL, __VA_ARGS__)
#define cr_expect_not_null(a, ...) cr_expect((a) != NULL, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...) cr_expect(strcmp((a), (b)) == 0, __VA_ARGS__)
#define cr_expect_arr_eq(a, b, size, ...) cr_expect(memcmp((a), (b), (size)) == 0, __VA_ARGS__)

#define cr_assert_fail(...) cr_assert(false, __VA_ARGS__)
#define cr_assert_eq(a, b, ...) cr_assert((a) == (b), __VA_ARGS__)
#define cr_assert_neq(a, b, ...) cr_assert((a) != (b), __VA_ARGS__)
#define cr_assert_gt(a, b, ...) cr_assert((a) > (b), __VA_ARGS__)
#define cr_assert_lt(a, b, ...) cr_assert((a) < (b), __VA_ARGS__)
#define cr_assert_geq(a, b, ...) cr_assert((a) >= (b), __VA_ARGS__)
#define cr_assert_not_null(a, ...) cr_assert((a) != NULL, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) cr_assert(strcmp((a), (b)) == 0, __VA_ARGS__)

#define cr_skip_test(...) plain_skip(" " __VA_ARGS__)
#define cr_log_info(...) plain_say(" " __VA_ARGS__)

#endif
