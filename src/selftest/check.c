/* Guarded memory, faults, random values and comparison for the checks. It knows no kernel. */
#include "src/selftest/check.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const real canary = (real)-3.0517578e-5; /* none of the values that checks use */

static size_t page_bytes(const struct check *c)
{
	size_t machine = (size_t)sysconf(_SC_PAGESIZE);

	return c->page > machine ? c->page : machine;
}

static void unmap(struct check_slot *slot)
{
	if (slot->map)
		munmap(slot->mapping, slot->mapped);
	slot->map = NULL;
}

/* At least `bytes` and a page behind them that may not be touched: larger memory in place of the slot's where it is
 * too small. A page more is mapped, of which the parts before and after are left over where pages are made up. */
static bool map_slot(const struct check *c, struct check_slot *slot, size_t bytes)
{
	size_t page = page_bytes(c), whole = (bytes / page + 1) * page;
	char *map;

	if (slot->map && bytes <= slot->bytes)
		return true;
	unmap(slot);
	if (bytes > SIZE_MAX / 2)
		return false;
	map = mmap(NULL, whole + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return false;
	slot->mapping = map;
	slot->mapped = whole + 2 * page;
	slot->map = map + (page - (uintptr_t)map % page) % page;
	slot->bytes = whole;
	return mprotect(slot->map + whole, page, PROT_NONE) == 0;
}

void check_close(struct check *c)
{
	for (size_t i = 0; i < CHECK_SLOTS; i++)
		unmap(&c->slot[i]);
}

/* --- faults ------------------------------------------------------------------ */

static _Thread_local sigjmp_buf *fault_return; /* set while a check runs */
enum { NO_MEMORY = -1 };                       /* returned there beside the signals' numbers */

/* On another thread of the team there is nowhere to return to. */
static void on_fault(int signal)
{
	static const char text[] = "selftest: a worker thread touched memory outside the arguments\n";

	if (fault_return)
		siglongjmp(*fault_return, signal);
	_exit(write(STDERR_FILENO, text, sizeof text - 1) < 0 ? 2 : 1);
}

void check_run(struct check *c, void (*run)(struct check *c))
{
	struct sigaction action = { .sa_handler = on_fault }, segv, bus;
	sigjmp_buf here;

	c->failure[0] = 0;
	c->used = 0;
	c->hash = 0xcbf29ce484222325u; /* FNV-1a's */
	c->libm = false;
	sigemptyset(&action.sa_mask);
	sigaction(SIGSEGV, &action, &segv);
	sigaction(SIGBUS, &action, &bus);
	fault_return = &here;
	if (sigsetjmp(here, 1) == 0)
		run(c);
	else
		check_fail(c, "memory outside the arguments was touched");
	fault_return = NULL;
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
}

void check_fail(struct check *c, const char *format, ...)
{
	va_list args;

	if (c->failure[0])
		return;
	va_start(args, format);
	vsnprintf(c->failure, sizeof c->failure, format, args);
	va_end(args);
}

bool check_failed(const struct check *c)
{
	return c->failure[0] != 0;
}

/* --- values ------------------------------------------------------------------ */

/* Marsaglia's xorshift with a multiplier: the checks must not lean on the generator that they check. */
static uint64_t next(struct check *c)
{
	c->random ^= c->random >> 12;
	c->random ^= c->random << 25;
	c->random ^= c->random >> 27;
	return c->random * 2685821657736338717u;
}

size_t check_between(struct check *c, size_t least, size_t most)
{
	return least + (size_t)((next(c) >> 32) * (most - least + 1) >> 32);
}

real check_value(struct check *c, enum check_values values)
{
	if (values == CHECK_INTEGERS)
		return (real)check_between(c, 0, 6) - 3;
	return (real)(next(c) >> 40) / (real)(1 << 23) - 1;
}

void check_fill(struct check *c, enum check_values values, size_t count, real *data)
{
	for (size_t i = 0; i < count; i++)
		data[i] = check_value(c, values);
}

void check_spoil(struct check *c, size_t count, real *data)
{
	if (count && check_between(c, 0, 3) == 0)
		data[check_between(c, 0, count - 1)] = (real)NAN;
}

struct sgan_epilogue check_epilogue(struct check *c)
{
	struct sgan_epilogue e = { .slope = (real)0.25 };

	e.act = (sgan_act)check_between(c, SGAN_ACT_NONE, SGAN_ACT_SIGMOID);
	e.accumulate = check_between(c, 0, 1) == 1;
	e.bypass = check_between(c, 0, 1) == 1;
	return e;
}

/* --- memory ------------------------------------------------------------------ */

static char *take(struct check *c, size_t bytes, bool output)
{
	struct check_slot *slot;

	if (c->used == CHECK_SLOTS || !map_slot(c, &c->slot[c->used], bytes)) {
		check_fail(c, "no memory for the check: %zu bytes for its tensor %zu of at most %d", bytes, c->used + 1,
		           CHECK_SLOTS);
		siglongjmp(*fault_return, NO_MEMORY);
	}
	slot = &c->slot[c->used++];
	slot->output = output;
	return slot->map + slot->bytes - bytes;
}

real *check_input(struct check *c, size_t count)
{
	return (real *)(void *)take(c, count * sizeof(real), false);
}

uint8_t *check_input_bytes(struct check *c, size_t count)
{
	return (uint8_t *)take(c, count, false);
}

uint32_t *check_input_labels(struct check *c, size_t count)
{
	return (uint32_t *)(void *)take(c, count * sizeof(uint32_t), false);
}

real *check_output(struct check *c, size_t count)
{
	real *start = (real *)(void *)take(c, (count + 2 * CHECK_CANARIES) * sizeof(real), true);
	struct check_slot *slot = &c->slot[c->used - 1];

	slot->data = start + CHECK_CANARIES;
	slot->count = count;
	for (size_t i = 0; i < CHECK_CANARIES; i++)
		start[i] = start[CHECK_CANARIES + count + i] = canary;
	for (size_t i = 0; i < count; i++)
		slot->data[i] = NAN;
	return slot->data;
}

static bool canaries_live(const struct check_slot *slot)
{
	const real *before = slot->data - CHECK_CANARIES, *after = slot->data + slot->count;

	for (size_t i = 0; i < CHECK_CANARIES; i++)
		if (memcmp(before + i, &canary, sizeof canary) || memcmp(after + i, &canary, sizeof canary))
			return false;
	return true;
}

void check_release(struct check *c, const char *what)
{
	for (size_t i = 0; i < c->used; i++)
		if (c->slot[i].output && !canaries_live(&c->slot[i]))
			check_fail(c, "%s: wrote outside its result", what);
	c->used = 0;
	c->libm = false;
}

/* --- hash --------------------------------------------------------------------- */

void check_record_bytes(struct check *c, size_t count, const void *found)
{
	const unsigned char *byte = found;

	for (size_t i = 0; i < count && !c->libm; i++)
		c->hash = (c->hash ^ byte[i]) * 0x100000001b3u;
}

/* What is not a number has a sign and a payload that machines choose differently. */
void check_record(struct check *c, size_t count, const real *found)
{
	static const real not_a_number = (real)NAN;

	for (size_t i = 0; i < count; i++)
		check_record_bytes(c, sizeof *found, isnan(found[i]) ? &not_a_number : &found[i]);
}

/* --- comparison -------------------------------------------------------------- */

void check_same(struct check *c, size_t count, const real *found, const real *expected, const char *what)
{
	check_record(c, count, found);
	for (size_t i = 0; i < count; i++) {
		if (!memcmp(found + i, expected + i, sizeof *found) || (isnan(found[i]) && isnan(expected[i])))
			continue;
		check_fail(c, "%s: element %zu of %zu is %.9g, expected exactly %.9g", what, i, count, (double)found[i],
		           (double)expected[i]);
		return;
	}
}

void check_close_to(struct check *c, size_t count, const real *found, const real *expected, double terms,
                    const char *what)
{
	double epsilon = sizeof(real) == sizeof(float) ? (double)FLT_EPSILON : DBL_EPSILON;
	double allowed = epsilon * (terms + 2);

	check_record(c, count, found);
	for (size_t i = 0; i < count; i++) {
		if (isnan(found[i]) && isnan(expected[i]))
			continue;
		if (fabs((double)found[i] - (double)expected[i]) <= allowed)
			continue;
		check_fail(c, "%s: element %zu of %zu is %.9g, expected %.9g within %.3g", what, i, count, (double)found[i],
		           (double)expected[i], allowed);
		return;
	}
}

void check_activated(struct check *c, sgan_act act, size_t count, const real *found, const real *expected,
                     const char *what)
{
	bool single = sizeof(real) == sizeof(float);
	double epsilon = single ? (double)FLT_EPSILON : DBL_EPSILON, least = single ? (double)FLT_MIN : DBL_MIN;

	if (act != SGAN_ACT_SIGMOID) {
		check_same(c, count, found, expected, what);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		double allowed = 4 * epsilon * fabs((double)expected[i]) + least;
		if (!memcmp(found + i, expected + i, sizeof *found) || (isnan(found[i]) && isnan(expected[i])))
			continue;
		if (fabs((double)found[i] - (double)expected[i]) <= allowed)
			continue;
		check_fail(c, "%s: element %zu of %zu is %.9g, expected %.9g within %.3g", what, i, count, (double)found[i],
		           (double)expected[i], allowed);
		return;
	}
}
