/* Signs of runs that go wrong, and what to change.
 * It must not know when they are looked for, nor how they are shown. */
#include "src/sgan/train/health.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	TESTED_LEAST = 100, /* images that an accuracy must be of to say anything */
	Z_SHARE_EPOCH = 3   /* from which on z shares say something */
};
static const double z_share_least = 0.01, d_loss_least = 0.05;

/* Accuracies that guesses come to: the chance, and three standard deviations of it over so many images. */
static double most_by_chance(double chance, size_t tested)
{
	return chance + 3 * sqrt(chance * (1 - chance) / (double)tested);
}

static void add(struct sgan_health *health, enum sgan_ailment ailment, size_t stack, double value)
{
	health->signs[health->count++] = (struct sgan_sign){ ailment, stack, value };
}

const struct sgan_sign *sgan_health_find(const struct sgan_health *health, enum sgan_ailment ailment, size_t stack)
{
	for (size_t k = 0; k < health->count; k++)
		if (health->signs[k].ailment == ailment && health->signs[k].stack == stack)
			return &health->signs[k];
	return NULL;
}

/* The epoch's mean of the adversarial part of L_D; negative: it has none. */
static double discriminator_loss(const struct sgan_progress *progress, size_t stack)
{
	char name[SGAN_NAME];
	snprintf(name, sizeof name, "loss_d%zu", stack);
	for (size_t i = 0; i < progress->loss_count; i++)
		if (strcmp(progress->losses[i].name, name) == 0)
			return progress->losses[i].value;
	return -1;
}

struct sgan_health sgan_health_of(const struct sgan_progress *progress, double chance, size_t tested)
{
	struct sgan_health health = { .epoch = progress->epoch, .step = progress->step };
	const double accuracy = progress->test_accuracy;
	if (accuracy >= 0 && chance < 1 && tested >= TESTED_LEAST && accuracy <= most_by_chance(chance, tested))
		add(&health, SGAN_AILMENT_CHANCE, 0, accuracy);
	const bool late = progress->epoch >= Z_SHARE_EPOCH || progress->epoch == progress->epochs;
	for (size_t i = 0; i < progress->stack_count; i++) {
		const double loss = discriminator_loss(progress, i);
		if (late && progress->z_shares[i] < z_share_least)
			add(&health, SGAN_AILMENT_COLLAPSED, i, progress->z_shares[i]);
		if (loss >= 0 && loss < d_loss_least)
			add(&health, SGAN_AILMENT_D_WINS, i, loss);
	}
	return health;
}

/* Against a generator that does without z. */
static const char *z_advice(const struct sgan_preset *preset, size_t stack)
{
	for (unsigned stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		if (sgan_objective_find(&preset->stacks[stack].objective[stage], SGAN_TERM_ENTROPY) != NULL)
			return "raise lambda_ent, or start D and Q from other weights (discriminator_init)";
	return "it has no entropy loss: set lambda_ent, for which D needs a head 'q'";
}

void sgan_sign_describe(const struct sgan_preset *preset, const struct sgan_sign *sign, char text[SGAN_WARNING])
{
	const double value = sign->value;
	const size_t stack = sign->stack;
	switch (sign->ailment) {
	case SGAN_AILMENT_CHANCE:
		snprintf(
			text, SGAN_WARNING,
			"the encoder's test accuracy, %.1f %%, is that of chance: check the labels, lower encoder.lr, or train it "
			"for longer",
			100 * value);
		break;
	case SGAN_AILMENT_COLLAPSED:
		snprintf(text, SGAN_WARNING,
		         "G%zu does without z (z share %.2g), what it makes of a condition is all alike: %s", stack, value,
		         z_advice(preset, stack));
		break;
	case SGAN_AILMENT_D_WINS:
		snprintf(
			text, SGAN_WARNING,
			"D%zu wins (its adversarial loss is %.2g), so that G%zu learns little: more generator_steps, a lower lr, "
			"or noise and dropout in D%zu",
			stack, value, stack, stack);
		break;
	}
}
