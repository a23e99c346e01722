/* Signs that a run goes wrong, and its warnings. */
#include "tests/small_run.h"

#include "src/sgan/train/health.h"

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

static bool guesses(double accuracy, double chance, size_t tested)
{
	const struct sgan_progress progress = { .test_accuracy = accuracy };
	const struct sgan_health h = sgan_health_of(&progress, chance, tested);
	return ails(&h, SGAN_AILMENT_CHANCE, 0);
}

/* 1000 of 10,000 by chance, give or take 30: guesses are within three times that. */
Test(health, chance)
{
	cr_expect(guesses(0.108, 0.1, 10000));
	cr_expect_not(guesses(0.11, 0.1, 10000));
	cr_expect_not(guesses(1, 1, 10000), "there is one class");
	cr_expect_not(guesses(0, 0.1, 99), "too few images");
	cr_expect(guesses(0, 0.1, 100));
}

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

/* How often a word is in a file of the run. */
static size_t count_words(const char *file, const char *word)
{
	size_t size, count = 0;
	char *text = get_file(file, &size);
	for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
		count++;
	free(text);
	return count;
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
