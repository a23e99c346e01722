/* What a classifier's accuracy comes to by guessing. */
#ifndef SGAN_METRICS_CHANCE_H
#define SGAN_METRICS_CHANCE_H

#include <sgan/sgan.h>

enum { SGAN_CHANCE_TESTED = 100 }; /* images that an accuracy must be of, at least, to say anything */

/* The accuracy of who always says the commonest of so many classes; labels [count], each below `classes`. 1 of no
 * images. SGAN_ENOMEM. */
sgan_status sgan_chance(size_t count, const uint32_t *labels, size_t classes, double *chance);

/* Whether an accuracy on `tested` images is no more than guesses come to: `chance` and three standard deviations of
 * their mean. False where there is nothing to tell it by: one class, or fewer than SGAN_CHANCE_TESTED images. */
bool sgan_guesses(double accuracy, double chance, size_t tested);

#endif
