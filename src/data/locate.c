/* The datasets that are known by name, and the paths of all others.
 * It must not know how they are read. */
#include "src/data/locate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"

struct known {
	const char *name; /* also its folder's, below root */
	const char *root;
	const char *advice; /* how to get it; "" where it has to be given */
};

static const struct known known[] = {
	{ "fashion-mnist", "/usr/share/datasets",
	  "install Debian's package dataset-fashion-mnist (./bootstrap does), or " },
	{ "mnist", "/usr/share/datasets", "" },
};

enum { KNOWN = sizeof known / sizeof *known };

const char sgan_data_how_to[] =
	"give a folder with IDX files, CIFAR-10, SVHN or images in a folder a class (--data DIR)";

static const struct known *find_known(const char *spec)
{
	for (size_t i = 0; i < KNOWN; i++)
		if (strcmp(spec, known[i].name) == 0)
			return &known[i];
	return NULL;
}

static sgan_status locate_known(const char *root, const struct known *one, char path[PATH_MAX])
{
	char folder[PATH_MAX];
	int length = snprintf(folder, sizeof folder, "%s/%s", root ? root : one->root, one->name);
	if (length < 0 || (size_t)length >= sizeof folder)
		return sgan_fail(SGAN_EINVAL, "dataset %s: the path of %.60s... is too long", one->name,
		                 root ? root : one->root);
	if (!realpath(folder, path))
		return sgan_fail(SGAN_EIO, "%s: no %s there (%s): %s%s", folder, one->name, strerror(errno), one->advice,
		                 sgan_data_how_to);
	return SGAN_OK;
}

/* "PATH:SET". */
static bool locate_set(const char *spec, struct sgan_place *place)
{
	char path[PATH_MAX];
	const char *colon = strrchr(spec, ':');
	size_t length = colon ? (size_t)(colon - spec) : 0, set = colon ? strlen(colon + 1) : 0;
	if (length == 0 || length >= sizeof path || set == 0 || set >= sizeof place->set)
		return false;
	memcpy(path, spec, length);
	path[length] = '\0';
	if (!realpath(path, place->path))
		return false;
	memcpy(place->set, colon + 1, set + 1);
	return true;
}

static sgan_status locate_path(const char *spec, struct sgan_place *place)
{
	char names[128] = "";
	if (*spec == '\0')
		return sgan_fail(SGAN_EINVAL, "the dataset's name is empty: %s", sgan_data_how_to);
	if (realpath(spec, place->path))
		return SGAN_OK;
	int error = errno;
	if (error == ENOENT && locate_set(spec, place))
		return SGAN_OK;
	if (error != ENOENT || strchr(spec, '/'))
		return sgan_fail(SGAN_EIO, "%s: cannot open the dataset: %s", spec, strerror(error));
	for (size_t i = 0, length = 0; i < KNOWN && length < sizeof names; i++)
		length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i ? ", " : "", known[i].name);
	return sgan_fail(SGAN_EIO, "%s: neither a dataset's name (%s) nor a folder: %s", spec, names, sgan_data_how_to);
}

sgan_status sgan_data_locate(const char *root, const char *spec, struct sgan_place *place)
{
	const struct known *one = spec ? find_known(spec) : &known[0];
	place->set[0] = '\0';
	return one ? locate_known(root, one, place->path) : locate_path(spec, place);
}
