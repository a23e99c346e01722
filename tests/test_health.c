/* Signs that a run goes wrong, and its warnings. */
#include "tests/small_run.h"

#include "src/sgan/train/epoch.h"
#include "src/sgan/train/health.h"
#include "src/sgan/train/start.h"
#include "src/sgan/train/trainer.h"

TestSuite(health, .init = temporary_make, .fini = temporary_remove);

static bool ails(const struct sgan_health *health, enum sgan_ailment ailment, size_t stack)
{
	return sgan_health_find(health, ailment, stack) != NULL;
}

/* Each sign by itself, on either side of its bound. */
Test(health, signs)
{
	static const double good[] = { 0.011, 0.4 }, bad[] = { 0.4, 0.009 };
	const struct sgan_loss losses[] = { { "loss_d0", 0.049 }, { "loss_d0_ent", 0.01 }, { "loss_d1", 0.051 } };
	struct sgan_progress progress = { .test_accuracy = -1, .stack_count = 2, .z_shares = good };
	progress.epoch = 4;
	progress.epochs = 9;
	progress.step = 90;
	struct sgan_health h = sgan_health_of(&progress, 0.1, 10000);
	cr_expect_eq(h.count, 0);
	cr_expect(h.epoch == 4 && h.step == 90);
	progress.z_shares = bad;
	progress.losses = losses;
	progress.loss_count = 3;
	h = sgan_health_of(&progress, 0.1, 10000);
	cr_expect_eq(h.count, 2);
	cr_expect(ails(&h, SGAN_AILMENT_COLLAPSED, 1));
	cr_expect(ails(&h, SGAN_AILMENT_D_WINS, 0));
}

/* In a stage's first epochs a generator may yet take z up; not behind its last. */
Test(health, z_shares_of_first_epochs)
{
	static const double share = 0.001;
	for (size_t epoch = 1; epoch <= 4; epoch++)
		for (size_t epochs = epoch; epochs <= 4; epochs++) {
			const struct sgan_progress progress = {
				.test_accuracy = -1, .stack_count = 1, .z_shares = &share, .epoch = epoch, .epochs = epochs
			};
			const struct sgan_health h = sgan_health_of(&progress, 0.1, 10000);
			cr_expect_eq(h.count, epoch >= 3 || epoch == epochs, "epoch %zu of %zu", epoch, epochs);
		}
}

/* The encoder guesses, of as many images as tell it (tests/test_metrics.c has the bounds). */
Test(health, chance)
{
	const struct sgan_progress progress = { .test_accuracy = 0.108 };
	struct sgan_health h = sgan_health_of(&progress, 0.1, 10000);
	cr_expect(ails(&h, SGAN_AILMENT_CHANCE, 0));
	h = sgan_health_of(&progress, 0.05, 10000);
	cr_expect_eq(h.count, 0);
}

/* --- advice --- */

/* What a stage is told that has one ailment, of stack 0; in `epoch`, 0 being that of an encoder that was given. */
static void advise(const char *name, const char *setting, enum sgan_stage stage, enum sgan_ailment ailment,
                   size_t epoch, char text[SGAN_WARNING])
{
	struct sgan_preset *preset;
	const struct sgan_health health = {
		.stage = stage, .epoch = epoch, .count = 1, .signs = { { ailment, 0, 0.001 } }
	};
	ASSERT_OK(sgan_preset_load(name, &setting, setting != NULL, &preset));
	sgan_sign_describe(preset, &health, 0, text);
	cr_expect_lt(strlen(text), SGAN_WARNING - 1, "it is cut: %s", text);
	sgan_preset_free(preset);
}

/* Each names settings that have an effect in the stage of the sign. */
Test(health, advice_fits_stage_and_preset)
{
	static const struct {
		const char *preset, *setting;
		enum sgan_stage stage;
		enum sgan_ailment ailment;
		size_t epoch;
		const char *has, *has_not;
	} cases[] = {
		{ "mnist", NULL, SGAN_STAGE_INDEPENDENT, SGAN_AILMENT_COLLAPSED, 3,
		  "raise stacks.[0].independent.lambda_ent, or start D and Q from other weights "
		  "(independent.discriminator_init)",
		  "joint" },
		{ "mnist", NULL, SGAN_STAGE_JOINT, SGAN_AILMENT_COLLAPSED, 3, "raise stacks.[0].joint.lambda_ent",
		  "discriminator_init" },
		{ "mnist", "joint.lambda_ent=0", SGAN_STAGE_JOINT, SGAN_AILMENT_COLLAPSED, 3,
		  "no entropy loss here: set stacks.[0].joint.lambda_ent", "head" },
		{ "mnist", "joint.lambda_ent=0", SGAN_STAGE_INDEPENDENT, SGAN_AILMENT_COLLAPSED, 3,
		  "raise stacks.[0].independent.lambda_ent", "no entropy" },
		{ "dcgan-adv-cond", NULL, SGAN_STAGE_INDEPENDENT, SGAN_AILMENT_COLLAPSED, 3,
		  "set stacks.[0].independent.lambda_ent, for which D needs a head 'q'", "raise" },
		{ "mnist", NULL, SGAN_STAGE_JOINT, SGAN_AILMENT_D_WINS, 1, "more joint.generator_steps, a lower joint.lr",
		  "list" },
		{ "cifar10", NULL, SGAN_STAGE_INDEPENDENT, SGAN_AILMENT_D_WINS, 1,
		  "larger numbers in independent.generator_steps (a list, in the preset's text)", "more" },
		{ "mnist", NULL, SGAN_STAGE_ENCODER, SGAN_AILMENT_CHANCE, 1, "check the labels, lower encoder.lr", "give" },
		{ "mnist", NULL, SGAN_STAGE_ENCODER, SGAN_AILMENT_CHANCE, 0, "give one that was trained on such images",
		  "encoder.lr" },
		{ "mnist-nolabels", NULL, SGAN_STAGE_ENCODER, SGAN_AILMENT_CHANCE, 1, "lower encoder.lr", "labels" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[SGAN_WARNING];
		advise(cases[i].preset, cases[i].setting, cases[i].stage, cases[i].ailment, cases[i].epoch, text);
		cr_expect_not_null(strstr(text, cases[i].has), "case %zu: %s", i, text);
		cr_expect_null(strstr(text, cases[i].has_not), "case %zu: %s", i, text);
	}
}

/* The settings of such advice can be set. */
Test(health, advice_can_be_followed)
{
	static const char *const settings[] = { "stacks.[0].joint.lambda_ent=20", "joint.generator_steps=3",
		                                    "independent.discriminator_init=he", "joint.lr=1e-6" };
	struct sgan_preset *p;
	ASSERT_OK(sgan_preset_load("mnist", settings, sizeof settings / sizeof settings[0], &p));
	cr_expect_eq(sgan_objective_find(&p->stacks[0].objective[SGAN_STAGE_JOINT], SGAN_TERM_ENTROPY)->weight, 20);
	cr_expect_eq(p->stages[SGAN_STAGE_JOINT].generator_steps.steps.values[0], 3);
	cr_expect_eq(p->stages[SGAN_STAGE_INDEPENDENT].discriminator_init.kind, SGAN_INIT_HE);
	sgan_preset_free(p);
}

/* --- runs --- */

struct told {
	size_t warnings, again;
	char text[SGAN_WARNING];
	volatile sig_atomic_t stop; /* set by the first warning */
};

static void note_warning(void *arg, const struct sgan_progress *progress)
{
	struct told *told = arg;
	if (progress->event != SGAN_EVENT_WARNING)
		return;
	told->warnings += !progress->again;
	told->again += progress->again;
	told->stop = 1;
	snprintf(told->text, sizeof told->text, "%s", progress->warning);
}

/* A run of generators whose weights are next to nothing, so that in float all of G0's images are the same and its share
 * is 0; G1's values are as small as its weights, and vary by as little. Of images in which there is nothing to tell
 * classes by. */
static struct small_run *run_without_z(struct told *told)
{
	static const char *const settings[] = { "stage=no_joint", "independent.lr=1e-12", "independent.init_std=1e-9",
		                                    "independent.epochs=5" };
	struct small_run *r = small_run("", settings, 4);
	r->options.progress = note_warning;
	r->options.arg = told;
	memset(r->data.train.images, 0, r->data.train.count * SIDE * SIDE);
	memset(r->data.test.images, 0, r->data.test.count * SIDE * SIDE);
	return r;
}

/* It is said once and again at the end, and in the log for each epoch; each epoch's line has the z shares. */
Test(health, a_run_without_z_says_so)
{
	struct told told = { .warnings = 0 };
	struct small_run *r = run_without_z(&told);
	ASSERT_OK(sgan_train(r->ctx, &r->options));
	cr_expect_eq(told.warnings, 1, "%zu", told.warnings);
	cr_expect_not_null(strstr(told.text, "G0 does without z"), "%s", told.text);
	cr_expect_eq(told.again, told.warnings, "%zu, %zu", told.warnings, told.again);
	cr_expect_eq(count_words("run/stats.jsonl", "\"warning\""), 3 * told.warnings, "from the third epoch on");
	cr_expect_eq(count_words("run/stats.jsonl", "\"z_share_g1\""), 5, "one an epoch");
	small_run_free(r);
}

/* Whoever stops a run for a warning is told again at its end, too. */
Test(health, a_stopped_run_says_so_again)
{
	struct told told = { .warnings = 0 };
	struct small_run *r = run_without_z(&told);
	r->options.stop = &told.stop;
	ASSERT_FAILS(sgan_train(r->ctx, &r->options), SGAN_EINTERRUPTED, "stopped at step");
	cr_expect_eq(told.warnings, 1);
	cr_expect_eq(told.again, told.warnings);
	small_run_free(r);
}

/* An encoder that was given and guesses: its weights are 0. Nothing was trained since that could have changed it. */
Test(health, a_given_encoder_is_told_of_once)
{
	static const char *const settings[] = { "stage=encoder" };
	struct told told = { .warnings = 0 };
	struct sgan_trainer t;
	struct small_run *r = small_run("", settings, 1);
	free(r->data.test.images);
	free(r->data.test.labels);
	fill_split(&r->data.test, 120);
	r->options.progress = note_warning;
	r->options.arg = &told;
	ASSERT_OK(sgan_trainer_open(&t, r->ctx, &r->options));
	ASSERT_OK(sgan_trainer_start(&t));
	ASSERT_OK(sgan_epoch_judge_encoder(&t));
	sgan_epoch_warn_again(&t);
	cr_expect(told.warnings == 1 && told.again == 0, "%zu, %zu", told.warnings, told.again);
	cr_expect_not_null(strstr(told.text, "10.0 %, is that of chance: give one"), "%s", told.text);
	t.steps_made = 1;
	sgan_epoch_warn_again(&t);
	cr_expect_eq(told.again, 1, "behind training it is said again");
	ASSERT_OK(sgan_trainer_close(&t, SGAN_OK));
	small_run_free(r);
}
