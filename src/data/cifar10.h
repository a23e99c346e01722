/* CIFAR-10's binary version: files of records, a label byte and 32x32 bytes each of red, green and blue. */
#ifndef SGAN_DATA_CIFAR10_H
#define SGAN_DATA_CIFAR10_H

#include "src/data/found.h"
#include "src/data/source.h"

/* Reads a source of records to its end and adds them to what was found, which starts as zeros; images are turned to
 * [32, 32, 3]. SGAN_EFORMAT: no whole number of records, none, more than `most`, a label that is not below `classes`
 * (0: any may be). What was found before is kept when it fails. */
sgan_status sgan_cifar10_add(struct sgan_source *source, size_t classes, size_t most, struct sgan_found *found);

#endif
