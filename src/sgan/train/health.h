/* Whether a run has gone wrong in a way that its losses do not show at a glance, and what to change. */
#ifndef SGAN_SGAN_TRAIN_HEALTH_H
#define SGAN_SGAN_TRAIN_HEALTH_H

#include "src/sgan/objective/session.h"
#include "src/sgan/train/progress.h"

/* What may be wrong: with the encoder, or with a stack. */
enum sgan_ailment {
	SGAN_AILMENT_CHANCE,    /* the encoder's test accuracy is that of chance */
	SGAN_AILMENT_COLLAPSED, /* the z share of a generator is below 0.01: it makes one thing of a condition */
	SGAN_AILMENT_D_WINS     /* the adversarial part of L_D, an epoch's mean, is below 0.05 */
};

enum { SGAN_WARNING = 320 };

/* Something that is wrong. */
struct sgan_sign {
	enum sgan_ailment ailment;
	size_t stack; /* 0 for the encoder */
	double value; /* that shows it */
};

/* What the stage's last epoch has shown. All 0: nothing is wrong. */
struct sgan_health {
	enum sgan_stage stage;
	size_t epoch, step; /* its end; epoch 0: of an encoder that was given */
	size_t count;
	struct sgan_sign signs[1 + 2 * SGAN_STACKS_MAX];
};

/* The sign of an ailment of a stack, NULL if there is none. */
const struct sgan_sign *sgan_health_find(const struct sgan_health *health, enum sgan_ailment ailment, size_t stack);

/* What an epoch's end says: test accuracy, z shares (from the third epoch on, or in the stage's last: a generator takes
 * z up in the first ones), losses. `chance` is the accuracy of who always says the commonest
 * class of `tested` images. A number that was not measured shows nothing. */
struct sgan_health sgan_health_of(const struct sgan_progress *progress, double chance, size_t tested);

/* The warning line of sign number k, with what to change: settings that have an effect in that stage. */
void sgan_sign_describe(const struct sgan_preset *preset, const struct sgan_health *health, size_t k,
                        char text[SGAN_WARNING]);

#endif
