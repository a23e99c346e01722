/* Whether a run has gone wrong in a way that its losses do not show at a glance, and what to change. */
#ifndef SGAN_SGAN_TRAIN_HEALTH_H
#define SGAN_SGAN_TRAIN_HEALTH_H

#include "src/sgan/objective/session.h"
#include "src/sgan/train/progress.h"

/* What may be wrong: with the encoder, or with a stack. */
enum sgan_ailment {
	SGAN_AILMENT_CHANCE,    /* the encoder's test accuracy is that of chance */
	SGAN_AILMENT_COLLAPSED, /* the z share of a generator is below 0.01: it makes one thing of a condition */
	SGAN_AILMENT_D_WINS,    /* the adversarial part of L_D, an epoch's mean, is below 0.05 */
	SGAN_AILMENTS
};

enum { SGAN_WARNING = 256 };

/* What the stage's last epoch has shown. All 0: nothing is wrong. */
struct sgan_health {
	size_t epoch, step; /* its end */
	bool ails[SGAN_STACKS_MAX][SGAN_AILMENTS];
	double value[SGAN_STACKS_MAX][SGAN_AILMENTS]; /* that shows it */
};

/* What an epoch's end says: test accuracy, z shares (from the third epoch on, or in the stage's last: a generator takes
 * z up in the first ones), losses. `chance` is the accuracy of who always says the commonest
 * class of `tested` images. A number that was not measured shows nothing. */
struct sgan_health sgan_health_of(const struct sgan_progress *progress, double chance, size_t tested);

/* The warning line of an ailment, with what to change in the preset. */
void sgan_health_describe(const struct sgan_preset *preset, const struct sgan_health *health, size_t stack,
                          enum sgan_ailment ailment, char text[SGAN_WARNING]);

#endif
