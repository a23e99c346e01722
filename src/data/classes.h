/* Names of classes. */
#ifndef SGAN_DATA_CLASSES_H
#define SGAN_DATA_CLASSES_H

#include "src/data/dataset.h"

/* What the classes of a set are called, separated by commas, by the set's name ("fashion-mnist", "emnist-letters");
 * NULL: it is not known. */
const char *sgan_class_names(const char *set);

/* How many classes a set has; 0: it is not known. */
size_t sgan_class_count(const char *set);

/* The classes of a list of words between characters of `between`, numbered from `first` on; free() them. SGAN_EFORMAT:
 * none, more than SGAN_DATA_CLASSES, a name that is too long; SGAN_ENOMEM. */
sgan_status sgan_classes_listed(const char *list, const char *between, uint32_t first, struct sgan_class **classes,
                                size_t *count);

/* `count` classes that are called by their numbers, from 0 on. SGAN_ENOMEM. */
sgan_status sgan_classes_numbered(size_t count, struct sgan_class **classes);

#endif
