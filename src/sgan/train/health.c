/* Signs of runs that go wrong, and what to change.
 * It must not know when they are looked for, nor how they are shown. */
#include "src/sgan/train/health.h"

#include <stdio.h>
#include <string.h>

#include "src/metrics/chance.h"

enum { Z_SHARE_EPOCH = 3 }; /* from which on z shares say something */
static const double z_share_least = 0.01, d_loss_least = 0.05;

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
	struct sgan_health health = { .stage = progress->stage, .epoch = progress->epoch, .step = progress->step };
	const double accuracy = progress->test_accuracy;
	if (accuracy >= 0 && sgan_guesses(accuracy, chance, tested))
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

/* --- advice: by settings that have an effect in the sign's stage, by keys that no more particular one overrides --- */

enum { ADVICE = 160 };

/* Against an encoder that guesses. */
static const char *encoder_advice(const struct sgan_preset *preset, const struct sgan_health *health)
{
	if (health->epoch == 0)
		return "give one that was trained on such images, with their classes in this order, or train one";
	return preset->labels == SGAN_LABELS_DATA ? "check the labels, lower encoder.lr, or train it for longer"
	                                          : "lower encoder.lr, or train it for longer";
}

/* Against a generator that does without z. */
static void z_advice(const struct sgan_preset *preset, enum sgan_stage stage, size_t stack, char text[ADVICE])
{
	const struct sgan_stack_desc *s = &preset->stacks[stack];
	const char *name = sgan_stage_name(stage);
	if (sgan_objective_find(&s->objective[stage], SGAN_TERM_ENTROPY) == NULL)
		snprintf(text, ADVICE, "it has no entropy loss here: set stacks.[%zu].%s.lambda_ent%s", stack, name,
		         sgan_net_desc_find(&s->discriminator, "q") < 0 ? ", for which D needs a head 'q'" : "");
	else if (stage == SGAN_STAGE_INDEPENDENT)
		snprintf(text, ADVICE,
		         "raise stacks.[%zu].%s.lambda_ent, or start D and Q from other weights (%s.discriminator_init)", stack,
		         name, name);
	else
		snprintf(text, ADVICE,
		         "raise stacks.[%zu].%s.lambda_ent, or start from an independent stage that leaves it a higher z share",
		         stack, name);
}

/* Against a D that wins. A schedule is a list, which only a preset's text can have. */
static void d_advice(const struct sgan_preset *preset, enum sgan_stage stage, size_t stack, char text[ADVICE])
{
	const char *name = sgan_stage_name(stage);
	const bool schedule = preset->stages[stage].generator_steps.steps.count > 1;
	snprintf(text, ADVICE, "%s %s.generator_steps%s, a lower %s.lr, or noise and dropout in D%zu",
	         schedule ? "larger numbers in" : "more", name, schedule ? " (a list, in the preset's text)" : "", name,
	         stack);
}

void sgan_sign_describe(const struct sgan_preset *preset, const struct sgan_health *health, size_t k,
                        char text[SGAN_WARNING])
{
	const struct sgan_sign *sign = &health->signs[k];
	const double value = sign->value;
	const size_t stack = sign->stack;
	char advice[ADVICE];
	switch (sign->ailment) {
	case SGAN_AILMENT_CHANCE:
		snprintf(text, SGAN_WARNING, "the encoder's test accuracy, %.1f %%, is that of chance: %s", 100 * value,
		         encoder_advice(preset, health));
		break;
	case SGAN_AILMENT_COLLAPSED:
		z_advice(preset, health->stage, stack, advice);
		snprintf(text, SGAN_WARNING,
		         "G%zu does without z (z share %.2g), what it makes of a condition is all alike: %s", stack, value,
		         advice);
		break;
	case SGAN_AILMENT_D_WINS:
		d_advice(preset, health->stage, stack, advice);
		snprintf(text, SGAN_WARNING, "D%zu wins (its adversarial loss is %.2g), so that G%zu learns little: %s", stack,
		         value, stack, advice);
		break;
	}
}
