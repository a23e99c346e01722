/* Files of a folder by name, each as it is or gzipped. */
#ifndef SGAN_DATA_FOLDER_H
#define SGAN_DATA_FOLDER_H

#include <limits.h>

#include "src/data/gunzip.h"

/* Whether the folder has name or name.gz; also where that cannot be told for lack of a permission. */
bool sgan_folder_has(const char *folder, const char *name);

/* The path of folder/name, or of folder/name.gz if only that is there. SGAN_EIO: neither is; SGAN_EINVAL: it is too
 * long. */
sgan_status sgan_folder_path(const char *folder, const char *name, char path[PATH_MAX]);

/* Opens folder/name, or folder/name.gz if only that is there, and tells its path, which must outlive the source; end it
 * with sgan_gunzip_close. SGAN_EIO: neither is there, or as sgan_gunzip_open; SGAN_EINVAL: the path is too long. */
sgan_status sgan_folder_open(const char *folder, const char *name, char path[PATH_MAX], struct sgan_source **source);

#endif
