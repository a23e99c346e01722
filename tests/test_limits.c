/* How long training lasts, the pictures of its data, the means of its losses. */
#include "tests/temporary.h"

#include "src/sgan/train/limits.h"
#include "src/sgan/train/meter.h"
#include "src/sgan/train/pictures.h"

TestSuite(pictures, .init = temporary_make, .fini = temporary_remove);

/* --- limits ------------------------------------------------------------------- */

Test(limits, steps_and_epochs)
{
	static const struct {
		size_t epochs, steps, batch, images, an_epoch, limit, last_epoch;
	} cases[] = {
		{ 3, 0, 10, 100, 10, 30, 3 },  { 3, 0, 10, 109, 10, 30, 3 },  { 3, 7, 10, 100, 10, 7, 1 },
		{ 3, 10, 10, 100, 10, 10, 1 }, { 3, 11, 10, 100, 10, 11, 2 }, { 3, 31, 10, 100, 10, 30, 3 },
		{ 5, 0, 7, 7, 1, 5, 5 },       { 5, 0, 8, 7, 0, 0, 0 },       { 2, 0, 1, SIZE_MAX, SIZE_MAX, SIZE_MAX, 1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct sgan_stage_settings s = { .epochs = cases[i].epochs,
			                                   .steps = cases[i].steps,
			                                   .batch = cases[i].batch };
		cr_expect_eq(sgan_epoch_steps(&s, cases[i].images), cases[i].an_epoch, "case %zu", i);
		cr_expect_eq(sgan_stage_steps(&s, cases[i].images), cases[i].limit, "case %zu", i);
		cr_expect_eq(sgan_stage_epochs(&s, cases[i].images), cases[i].last_epoch, "case %zu", i);
	}
}

/* By counting: the epoch changes with the first step behind its last. */
Test(limits, epoch_of_a_step)
{
	const struct sgan_stage_settings s = { .epochs = 4, .batch = 3 };
	size_t epoch = 1, in_epoch = 0;
	cr_expect_eq(sgan_epoch_of(&s, 22, 0), 1);
	for (uint64_t step = 1; step <= 28; step++) {
		if (++in_epoch > 7) {
			epoch++;
			in_epoch = 1;
		}
		cr_expect_eq(sgan_epoch_of(&s, 22, step), epoch, "step %d", (int)step);
	}
	cr_expect_eq(epoch, sgan_stage_epochs(&s, 22));
}

/* Twelve steps from 1e-3 down to 2e-4; and a rate that stays. */
Test(limits, learning_rates)
{
	const struct sgan_stage_settings s = { .epochs = 3, .batch = 10, .lr = 1e-3, .lr_end = 2e-4 };
	cr_expect_eq(sgan_stage_lr_factor(&s, 40, 0), 1);
	for (uint64_t step = 0; step < 12; step++)
		cr_expect_float_eq(s.lr * sgan_stage_lr_factor(&s, 40, step), 1e-3 - 8e-4 * (double)step / 11, 1e-12);
	const struct sgan_stage_settings constant = { .epochs = 3, .batch = 10, .lr = 0.1, .lr_end = 0.1 };
	const struct sgan_stage_settings one = { .epochs = 1, .batch = 10, .lr = 0.1, .lr_end = 0 };
	for (uint64_t step = 0; step < 12; step++)
		cr_expect_eq(sgan_stage_lr_factor(&constant, 40, step), 1);
	cr_expect_eq(sgan_stage_lr_factor(&one, 10, 0), 1);
}

/* A stage by name is that stage; of several, the encoder's is left out where the one stack is held to no condition. */
Test(limits, stages)
{
	static const struct {
		const char *stage;
		enum sgan_stage first, last, first_alone;
		bool from_nothing, alone_from_nothing;
	} cases[] = { { "all", SGAN_STAGE_ENCODER, SGAN_STAGE_JOINT, SGAN_STAGE_INDEPENDENT, true, true },
		          { "encoder", SGAN_STAGE_ENCODER, SGAN_STAGE_ENCODER, SGAN_STAGE_ENCODER, true, true },
		          { "independent", SGAN_STAGE_INDEPENDENT, SGAN_STAGE_INDEPENDENT, SGAN_STAGE_INDEPENDENT, false,
		            true },
		          { "no_joint", SGAN_STAGE_ENCODER, SGAN_STAGE_INDEPENDENT, SGAN_STAGE_INDEPENDENT, true, true },
		          { "joint", SGAN_STAGE_JOINT, SGAN_STAGE_JOINT, SGAN_STAGE_JOINT, false, false } };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sgan_stack_desc held = { .cut = "e" }, alone = { .cut = "e" };
		held.objective[SGAN_STAGE_JOINT] =
			(struct sgan_objective){ .count = 1, .terms = { { .kind = SGAN_TERM_CONDITIONAL, .weight = 1 } } };
		struct sgan_preset p = { .name = "p", .stack_count = 1, .stacks = &held };
		snprintf(p.stage, sizeof p.stage, "%s", cases[i].stage);
		cr_expect_eq(sgan_first_stage(&p), cases[i].first, "%s", p.stage);
		cr_expect_eq(sgan_last_stage(&p), cases[i].last, "%s", p.stage);
		cr_expect_eq(sgan_starts_from_nothing(&p), cases[i].from_nothing, "%s", p.stage);
		p.stacks = &alone;
		cr_expect_eq(sgan_first_stage(&p), cases[i].first_alone, "%s", p.stage);
		cr_expect_eq(sgan_last_stage(&p), cases[i].last, "%s", p.stage);
		cr_expect_eq(sgan_starts_from_nothing(&p), cases[i].alone_from_nothing, "%s", p.stage);
	}
	for (size_t i = 0; i < 2; i++) {
		struct sgan_preset encoder = { .name = "p" };
		snprintf(encoder.stage, sizeof encoder.stage, "%s", i == 0 ? "all" : "no_joint");
		cr_expect_eq(sgan_last_stage(&encoder), SGAN_STAGE_ENCODER);
	}
}

Test(pictures, rows_are_chosen_evenly)
{
	for (size_t classes = 1; classes <= 3000; classes++) {
		const size_t rows = sgan_grid_rows(classes);
		cr_assert(rows >= 1 && rows <= SGAN_GRID_ROWS && (classes > SGAN_GRID_ROWS || rows == classes));
		cr_assert_eq(sgan_grid_class(classes, 0), 0);
		for (size_t row = 1; row < rows; row++) {
			const size_t gap = sgan_grid_class(classes, row) - sgan_grid_class(classes, row - 1);
			cr_assert(gap == classes / rows || gap == classes / rows + 1, "%zu classes, row %zu", classes, row);
		}
		cr_assert_lt(sgan_grid_class(classes, rows - 1), classes);
	}
	cr_expect_eq(sgan_grid_class(SIZE_MAX, SGAN_GRID_ROWS - 1),
	             SIZE_MAX / SGAN_GRID_ROWS * (SGAN_GRID_ROWS - 1) +
	                 SIZE_MAX % SGAN_GRID_ROWS * (SGAN_GRID_ROWS - 1) / SGAN_GRID_ROWS);
}

/* A thousand classes: 32 rows of 10, of classes 0, 31, 62, ...; a class with fewer images has black ones. */
Test(pictures, reals_of_many_classes)
{
	enum { MANY = 1000, SIZE = 4 * 4 };
	struct sgan_dataset data = { .height = 4, .width = 4, .channels = 1, .classes = MANY };
	size_t size;
	data.train.count = MANY;
	data.train.images = malloc(MANY * SIZE);
	data.train.labels = malloc(MANY * sizeof *data.train.labels);
	cr_assert(data.train.images != NULL && data.train.labels != NULL);
	for (size_t i = 0; i < MANY; i++) {
		data.train.labels[i] = (uint32_t)i;
		memset(data.train.images + i * SIZE, 200, SIZE);
	}
	ASSERT_OK(sgan_reals_write(temporary, &data, true));
	unsigned char *png = (unsigned char *)get_file("reals.png", &size);
	cr_assert_gt(size, 24);
	cr_expect(png[18] == 0 && png[19] == 10 * 6 - 2, "the picture's width");
	cr_expect(png[22] == 0 && png[23] == 32 * 6 - 2, "the picture's height");
	free(png);
	sgan_dataset_free(&data);
}

/* --- means --------------------------------------------------------------------- */

Test(meter, means_since_it_was_cleared)
{
	struct sgan_loss losses[2] = { { "loss_a", 0 }, { "loss_b", 0 } };
	bool taken[2] = { true, true };
	struct sgan_session session = { .batch = { .n = 5 }, .loss_count = 2, .losses = losses, .taken = taken };
	struct sgan_progress progress = { .step = 30, .steps = 40 };
	struct sgan_meter meter;
	ASSERT_OK(sgan_meter_create(&session, &meter));
	sgan_meter_read(&meter, &progress);
	cr_expect(progress.loss_count == 0 && progress.images_per_second == 0, "means of no step");
	for (int round = 0; round < 2; round++) {
		for (int step = 1; step <= 4; step++) {
			losses[0].value = step;
			losses[1].value = -10 * step * (round + 1);
			sgan_meter_add(&meter, &session, 0.5);
		}
		sgan_meter_read(&meter, &progress);
		cr_assert_eq(progress.loss_count, 2);
		cr_expect_str_eq(progress.losses[1].name, "loss_b");
		cr_expect_eq(progress.losses[0].value, 2.5);
		cr_expect_eq(progress.losses[1].value, -25 * (round + 1));
		cr_expect_eq(progress.images_per_second, 10);
		cr_expect_eq(progress.seconds_left, 5);
		sgan_meter_clear(&meter);
	}
	sgan_meter_destroy(&meter);
}

/* A loss that no step took has no mean; one that some took has theirs. */
Test(meter, losses_that_were_not_taken)
{
	struct sgan_loss losses[2] = { { "loss_a", 6 }, { "loss_b", 8 } };
	bool taken[2] = { false, false };
	struct sgan_session session = { .batch = { .n = 5 }, .loss_count = 2, .losses = losses, .taken = taken };
	struct sgan_progress progress = { .step = 30, .steps = 40 };
	struct sgan_meter meter;
	ASSERT_OK(sgan_meter_create(&session, &meter));
	for (size_t step = 0; step < 3; step++) {
		taken[1] = step != 1;
		losses[1].value++;
		sgan_meter_add(&meter, &session, 0.5);
	}
	sgan_meter_read(&meter, &progress);
	cr_assert_eq(progress.loss_count, 1);
	cr_expect_str_eq(progress.losses[0].name, "loss_b");
	cr_expect_eq(progress.losses[0].value, 10);
	cr_expect_eq(progress.images_per_second, 10);
	sgan_meter_read_last(&meter, &session, &progress);
	cr_assert_eq(progress.loss_count, 1);
	cr_expect_eq(progress.losses[0].value, 11);
	taken[1] = false;
	sgan_meter_read_last(&meter, &session, &progress);
	cr_expect_eq(progress.loss_count, 0);
	sgan_meter_destroy(&meter);
}
