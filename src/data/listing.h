/* The names in a folder, in the order of their bytes. */
#ifndef SGAN_DATA_LISTING_H
#define SGAN_DATA_LISTING_H

#include <sgan/sgan.h>

struct sgan_listing {
	char **names; /* [count] */
	size_t count;
};

/* Lists what `wanted` (path: folder/name) accepts, but for names that begin with a dot. The caller ends it with
 * sgan_listing_free. SGAN_EIO: the folder cannot be read; SGAN_EINVAL: a path is too long; SGAN_ENOMEM. */
sgan_status sgan_listing_read(const char *folder, bool (*wanted)(const char *path), struct sgan_listing *listing);
void sgan_listing_free(struct sgan_listing *listing);

/* Where a name is in the listing; its count: nowhere. */
size_t sgan_listing_find(const struct sgan_listing *listing, const char *name);

#endif
