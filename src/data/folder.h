/* Files of a folder by name, each as it is or gzipped. */
#ifndef SGAN_DATA_FOLDER_H
#define SGAN_DATA_FOLDER_H

#include <limits.h>

#include <sgan/sgan.h>

/* Whether the folder has name or name.gz; also where that cannot be told for lack of a permission. */
bool sgan_folder_has(const char *folder, const char *name);

/* path = folder/name, or folder/name.gz if only that is there. SGAN_EIO: neither is; SGAN_EINVAL: the path is too
 * long. */
sgan_status sgan_folder_find(const char *folder, const char *name, char path[PATH_MAX]);

#endif
