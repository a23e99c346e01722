/* Aligned, zeroed memory and overflow-checked sizes.
 * It must not know what the memory is for. */
#include "src/cpu/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "src/cpu/status.h"

enum { HUGE_PAGE = 2 << 20 };

/* The allocator's own pointer lies in front of each block. */
struct header {
	void *raw;
	size_t bytes, mapped; /* asked for; from the system itself, 0: from malloc */
};

/* For telling beforehand what something takes, which would be hard to compute again without making it. */
static _Thread_local size_t tally;

#if defined __SANITIZE_ADDRESS__
static const size_t huge_from = SIZE_MAX; /* so that every block ends where the sanitizer watches */
#else
static const size_t huge_from = HUGE_PAGE;
#endif

bool sgan_size_mul3(size_t a, size_t b, size_t c, size_t *product)
{
	size_t ab;
	return !__builtin_mul_overflow(a, b, &ab) && !__builtin_mul_overflow(ab, c, product);
}

static void *place(void *raw, void *block, size_t bytes, size_t mapped)
{
	struct header *header = (struct header *)((char *)block - SGAN_ALIGN);
	*header = (struct header){ raw, bytes, mapped };
	tally += bytes;
	return block;
}

static void *alloc_small(size_t bytes)
{
	void *raw = NULL;
	if (posix_memalign(&raw, SGAN_ALIGN, SGAN_ALIGN + bytes) != 0)
		return NULL;
	memset(raw, 0, SGAN_ALIGN + bytes);
	return place(raw, (char *)raw + SGAN_ALIGN, bytes, 0);
}

/* Such blocks come fresh from the system: zero already, and not touched before the thread that works on them does so. (calloc
 * would take some of them from what was freed before, and clear it.) */
static void *alloc_huge(size_t bytes)
{
	const size_t mapped = SGAN_ALIGN + HUGE_PAGE + bytes;
	char *raw = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (raw == MAP_FAILED)
		return NULL;
	uintptr_t first = (uintptr_t)raw + SGAN_ALIGN;
	char *block = raw + SGAN_ALIGN + (HUGE_PAGE - first % HUGE_PAGE) % HUGE_PAGE;
#ifdef MADV_HUGEPAGE
	(void)madvise(block, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE); /* advice: without it, only slower */
#endif
	return place(raw, block, bytes, mapped);
}

void *sgan_alloc(size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX - SGAN_ALIGN - HUGE_PAGE) {
		sgan_fail(SGAN_ENOMEM, "memory: %zu elements of %zu bytes are more than can be addressed", count, size);
		return NULL;
	}
	void *block = bytes < huge_from ? alloc_small(bytes) : alloc_huge(bytes);
	if (!block)
		sgan_fail(SGAN_ENOMEM, "memory: %zu bytes could not be had", bytes);
	return block;
}

void sgan_free(void *memory)
{
	if (!memory)
		return;
	const struct header *header = (struct header *)((char *)memory - SGAN_ALIGN);
	tally -= header->bytes;
	if (header->mapped > 0)
		munmap(header->raw, header->mapped);
	else
		free(header->raw);
}

size_t sgan_alloc_tally(void)
{
	return tally;
}
