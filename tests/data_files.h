/* Files of datasets as tests of readers make them, good or damaged. */
#ifndef SGAN_TESTS_DATA_FILES_H
#define SGAN_TESTS_DATA_FILES_H

#include "tests/temporary.h"

#include <zlib.h>

#include "src/data/dataset.h"
#include "src/data/source.h"

/* A source of bytes that are at hand. */
struct memory {
	struct sgan_source source;
	const uint8_t *bytes;
	size_t size, position;
};

static inline sgan_status read_memory(struct sgan_source *source, void *dst, size_t size, size_t *got)
{
	struct memory *memory = (struct memory *)source;
	*got = memory->size - memory->position < size ? memory->size - memory->position : size;
	memcpy(dst, memory->bytes + memory->position, *got);
	memory->position += *got;
	return SGAN_OK;
}

static inline struct memory memory_of(const uint8_t *bytes, size_t size)
{
	return (struct memory){ { "x", read_memory }, bytes, size, 0 };
}

static inline void put_gzip(const char *name, const void *data, size_t size)
{
	gzFile file = gzopen(in_temporary(name), "wb");
	cr_assert_not_null(file);
	cr_assert_eq(gzwrite(file, data, (unsigned)size), (int)size);
	cr_assert_eq(gzclose(file), Z_OK);
}

/* Puts bytes into folder/name or folder/name.gz, and frees them. */
static inline void put(const char *folder, const char *name, bool compressed, uint8_t *bytes, size_t size)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s%s", folder, name, compressed ? ".gz" : "");
	if (compressed)
		put_gzip(path, bytes, size);
	else
		put_file(path, bytes, size);
	free(bytes);
}

/* What is wrong in any file of a place, read by whichever thread, is said by the caller's thread. */
static inline void assert_refused_at(const char *place, sgan_status code, const char *words)
{
	struct sgan_dataset dataset = { .channels = 77 };
	ASSERT_FAILS(sgan_dataset_open(in_temporary(place), 10, &dataset), code, words);
	cr_assert_eq(dataset.channels, 77);
}

static inline void assert_refused(sgan_status code, const char *words)
{
	assert_refused_at("d", code, words);
}

static inline uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Some bytes of the file are others, and every third time it is cut. */
static inline void damage(const char *name, const char *bytes, size_t size, int round, uint32_t *state)
{
	char *damaged = malloc(size);
	memcpy(damaged, bytes, size);
	for (int i = 0; i <= round % 4; i++) /* the first bytes more often, where headers are */
		damaged[next_random(state) % (i % 2 ? size : 16)] = (char)(next_random(state) >> 8);
	put_file(name, damaged, round % 3 ? size : 1 + next_random(state) % size);
	free(damaged);
}

/* Whatever the bytes of a file are, the folder is refused with one line, or a dataset that keeps its promises. */
static inline void check_damaged(const char *const *names, size_t count, int rounds)
{
	uint32_t state = 20260101;
	for (int round = 0; round < rounds; round++) {
		const char *name = names[(size_t)round % count];
		struct sgan_dataset dataset;
		size_t size;
		char *bytes = get_file(name, &size);
		damage(name, bytes, size, round, &state);
		sgan_status status = sgan_dataset_open(in_temporary("d"), round % 2 ? 10 : 0, &dataset);
		if (status == SGAN_OK) {
			const struct sgan_split *halves[] = { &dataset.train, &dataset.test };
			for (size_t h = 0; h < 2; h++)
				for (size_t i = 0; i < halves[h]->count; i++)
					cr_assert_lt(halves[h]->labels[i], dataset.classes);
			sgan_dataset_free(&dataset);
		} else {
			cr_assert_eq(status, SGAN_EFORMAT, "round %d: %s", round, sgan_last_error());
			cr_assert_not_null(strstr(sgan_last_error(), "/d/"), "round %d: %s", round, sgan_last_error());
		}
		put_file(name, bytes, size);
		free(bytes);
	}
}

#endif
