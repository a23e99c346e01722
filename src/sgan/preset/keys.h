/* Reading settings into structures by tables of keys. For the preset loader alone; knows nothing of presets. */
#ifndef SGAN_SGAN_PRESET_KEYS_H
#define SGAN_SGAN_PRESET_KEYS_H

#include "src/nn/net.h"
#include "src/sgan/preset/lists.h"
#include "src/sgan/preset/tree.h"

enum sgan_key_type {
	SGAN_KEY_SIZE,    /* size_t, from min to max */
	SGAN_KEY_SEED,    /* uint64_t, from 0 */
	SGAN_KEY_REAL,    /* double, from min to max */
	SGAN_KEY_ABOVE,   /* double, above min, up to max */
	SGAN_KEY_BOOL,    /* bool */
	SGAN_KEY_NAME,    /* char[SGAN_NAME]: letters, digits, '_', '-' and '.' */
	SGAN_KEY_CHOICE,  /* an enum: the place of the word in choices */
	SGAN_KEY_WORD,    /* char[16]: one of choices */
	SGAN_KEY_SHAPE,   /* size_t[3]: [c], or [h, w, c] */
	SGAN_KEY_SIZES,   /* struct sgan_sizes: a number or a list of them, each from min to max */
	SGAN_KEY_REALS,   /* struct sgan_reals: the same, maybe empty */
	SGAN_KEY_SOURCES, /* char[2][SGAN_NAME]: a name, or [name, name] */
	SGAN_KEY_OTHER    /* read elsewhere */
};

struct sgan_key {
	const char *name; /* NULL ends a table */
	enum sgan_key_type type;
	size_t offset; /* in the target */
	double min, max;
	const char *const *choices; /* NULL ends it; of a size or a shape: a word that may stand in its place, or NULL */
};

/* What a size is, or a shape's channels, where the word stands in its place. */
#define SGAN_KEY_BY_WORD SIZE_MAX

/* A table, what it fills, and which of its keys were found (bit i for keys[i]). */
struct sgan_keys {
	const struct sgan_key *keys;
	void *target;
	uint64_t found;
};

/* Reads every setting of a group, each by the first of `count` tables that has its key. `where` ("joint", "layer
 * 'fc'"; "" at the top) stands in messages. SGAN_EINVAL: not a group, unknown key, wrong type, out of range. */
sgan_status sgan_keys_read(const config_setting_t *group, const char *where, struct sgan_keys *tables, size_t count);

/* SGAN_EINVAL unless all of the keys were found whose bits are set in `required`. */
sgan_status sgan_keys_require(const config_setting_t *group, const char *where, const struct sgan_keys *table,
                              uint64_t required);

/* The last row of a table. */
#define SGAN_KEYS_END { NULL, SGAN_KEY_OTHER, 0, 0, 0, NULL }

/* For sgan_keys_require: every key of a table. */
#define SGAN_KEYS_ALL (~(uint64_t)0)

#endif
