/* Runs the tests that criterion/criterion.h has, and ends with a line like Criterion's. Knows nothing of what is
 * tested.
 *
 * usage: test_x [NAME...]: the tests of these names alone */
#include <criterion/criterion.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

static struct plain_test *first, **last = &first;
static jmp_buf end_of_test;
static enum { PASSED, FAILED, SKIPPED } outcome;

void plain_add(struct plain_test *test)
{
	*last = test;
	last = &test->next;
}

bool plain_check(bool holds, const char *file, int line, const char *condition, const char *format, ...)
{
	va_list args;

	if (holds)
		return true;
	outcome = FAILED;
	printf("%s:%d: %s does not hold:", file, line, condition);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	return false;
}

void plain_stop(void)
{
	longjmp(end_of_test, 1);
}

void plain_skip(const char *format, ...)
{
	va_list args;

	outcome = SKIPPED;
	printf("[SKIP]");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	longjmp(end_of_test, 1);
}

void plain_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

static bool is_wanted(const struct plain_test *test, int names, char **name)
{
	for (int i = 0; i < names; i++)
		if (strcmp(name[i], test->name) == 0)
			return true;
	return names == 0;
}

/* Apart from main's loop, whose variables a jump might spoil. */
static void run(const struct plain_test *test)
{
	outcome = PASSED;
	if (setjmp(end_of_test) == 0)
		test->run();
}

int main(int argc, char **argv)
{
	static const char *const words[] = { [PASSED] = "passed", [FAILED] = "FAILED", [SKIPPED] = "skipped" };
	size_t count[] = { 0, 0, 0 };

	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	for (const struct plain_test *test = first; test; test = test->next) {
		if (!is_wanted(test, argc - 1, argv + 1))
			continue;
		run(test);
		printf("%s: %s::%s\n", words[outcome], test->suite, test->name);
		count[outcome]++;
	}
	printf("Tested: %zu | Passing: %zu | Failing: %zu | Crashing: 0\n", count[PASSED] + count[FAILED], count[PASSED],
	       count[FAILED]);
	return count[FAILED] || !(count[PASSED] + count[SKIPPED]) ? EXIT_FAILURE : EXIT_SUCCESS;
}
