/* Images as the encoder's stage shows them: turned, mirrored, moved. */
#include "tests/small_run.h"

#include <math.h>

#include "src/sgan/train/stage.h"
#include "src/sgan/train/start.h"
#include "src/sgan/train/view.h"

TestSuite(view, .init = temporary_make, .fini = temporary_remove);

enum { VIEW_H = 3, VIEW_W = 5, VIEW_C = 2 };

/* A square one, turned: the upper right corner goes to the left, down, and to the right. */
Test(view, of_turned_images)
{
	static const uint8_t image[4] = { 1, 2, 3, 4 };
	static const uint8_t expected[SGAN_ROTATIONS][2][4] = { { { 1, 2, 3, 4 }, { 2, 1, 4, 3 } },
		                                                    { { 2, 4, 1, 3 }, { 1, 3, 2, 4 } },
		                                                    { { 4, 3, 2, 1 }, { 3, 4, 1, 2 } },
		                                                    { { 3, 1, 4, 2 }, { 4, 2, 3, 1 } } };
	const struct sgan_preset preset = { .height = 2, .width = 2, .channels = 1 };
	for (unsigned turns = 0; turns < SGAN_ROTATIONS; turns++)
		for (int flip = 0; flip < 2; flip++) {
			uint8_t shown[4];
			sgan_view_show(&preset, &(struct sgan_view){ .flip = flip == 1, .turns = turns }, image, shown);
			cr_expect_arr_eq(shown, expected[turns][flip], sizeof shown, "flip %d, %u turns", flip, turns);
		}
}

/* A colour image of 3x5 pixels, none like another, shown in a view: by where each of its pixels goes to. */
static void expect_view(const struct sgan_view *view)
{
	const struct sgan_preset preset = { .height = VIEW_H, .width = VIEW_W, .channels = VIEW_C };
	uint8_t image[VIEW_H][VIEW_W][VIEW_C], shown[VIEW_H][VIEW_W][VIEW_C], expected[VIEW_H][VIEW_W][VIEW_C] = { 0 };
	for (int y = 0; y < VIEW_H; y++)
		for (int x = 0; x < VIEW_W; x++) {
			const int to_y = y + view->down, to_x = (view->flip ? VIEW_W - 1 - x : x) + view->right;
			image[y][x][0] = (uint8_t)(1 + y * VIEW_W + x);
			image[y][x][1] = (uint8_t)(100 + y * VIEW_W + x);
			if (to_y >= 0 && to_y < VIEW_H && to_x >= 0 && to_x < VIEW_W)
				memcpy(expected[to_y][to_x], image[y][x], VIEW_C);
		}
	memset(shown, 99, sizeof shown);
	sgan_view_show(&preset, view, &image[0][0][0], &shown[0][0][0]);
	cr_expect_arr_eq(shown, expected, sizeof shown, "flip %d, down %d, right %d", view->flip, view->down, view->right);
}

Test(view, of_every_kind)
{
	for (int flip = 0; flip < 2; flip++)
		for (int down = -4; down <= 4; down++)
			for (int right = -6; right <= 6; right++)
				expect_view(&(struct sgan_view){ .flip = flip == 1, .down = down, .right = right });
}

/* Every shift is drawn as often as any other, and so is either side; what is not asked for never is. */
Test(view, drawn_evenly)
{
	enum { N = 2000, SHIFT = 2, PLACES = 2 * SHIFT + 1 };
	struct sgan_preset preset = { .seed = 3,
		                          .labels = SGAN_LABELS_ROTATIONS,
		                          .augmentation = { .flip = true, .shift = SHIFT } };
	int flips = 0, turns[SGAN_ROTATIONS] = { 0 }, down[PLACES] = { 0 }, right[PLACES] = { 0 };
	sgan_ctx *ctx;
	ASSERT_OK(sgan_ctx_create(&(sgan_ctx_options){ .threads = 1 }, &ctx));
	for (size_t i = 0; i < N; i++) {
		struct sgan_view view, again, as_it_is;
		ASSERT_OK(sgan_view_draw(ctx, &preset, i / 50, i % 50, &view));
		ASSERT_OK(sgan_view_draw(ctx, &preset, i / 50, i % 50, &again));
		cr_assert(view.flip == again.flip && view.turns == again.turns && view.down == again.down &&
		          view.right == again.right);
		cr_assert(abs(view.down) <= SHIFT && abs(view.right) <= SHIFT);
		flips += view.flip;
		turns[view.turns]++;
		down[view.down + SHIFT]++;
		right[view.right + SHIFT]++;
		const struct sgan_preset plain = { .seed = 3 };
		ASSERT_OK(sgan_view_draw(ctx, &plain, i / 50, i % 50, &as_it_is));
		cr_assert(!as_it_is.flip && as_it_is.turns == 0 && as_it_is.down == 0 && as_it_is.right == 0);
	}
	cr_expect(abs(flips - N / 2) < N / 20, "%d of %d mirrored", flips, N);
	for (int i = 0; i < SGAN_ROTATIONS; i++)
		cr_expect(abs(turns[i] - N / SGAN_ROTATIONS) < N / 20, "%d of %d turned %d times", turns[i], N, i);
	for (int i = 0; i < PLACES; i++) {
		cr_expect(abs(down[i] - N / PLACES) < N / 20, "%d of %d moved by %d", down[i], N, i - SHIFT);
		cr_expect(abs(right[i] - N / PLACES) < N / 20, "%d of %d moved by %d", right[i], N, i - SHIFT);
	}
	sgan_ctx_destroy(ctx);
}

/* The encoder's stage shows its images in views, less the mean; other stages show them as they are. */
Test(view, are_what_the_encoder_sees)
{
	static const char *const settings[] = { "encoder.flip=true", "encoder.shift=2",     "subtract_mean=true",
		                                    "encoder.steps=2",   "independent.steps=1", "joint.steps=1" };
	struct small_run *r = small_run("", settings, 6);
	struct sgan_trainer t;
	ASSERT_OK(sgan_trainer_open(&t, r->ctx, &r->options));
	ASSERT_OK(sgan_trainer_start(&t));
	for (enum sgan_stage stage = SGAN_STAGE_ENCODER; stage <= SGAN_STAGE_INDEPENDENT; stage++) {
		uint8_t shown[SIDE * SIDE];
		ASSERT_OK(sgan_stage_begin(&t));
		ASSERT_OK(sgan_stage_step(&t));
		for (size_t k = 0; k < 10; k++) {
			struct sgan_view view = { .flip = false };
			if (stage == SGAN_STAGE_ENCODER)
				ASSERT_OK(sgan_view_draw(r->ctx, r->preset, 0, k, &view));
			sgan_view_show(r->preset, &view, r->data.train.images + t.order[k] * SIDE * SIDE, shown);
			for (size_t i = 0; i < SIDE * SIDE; i++)
				cr_assert_eq(t.x[k * SIDE * SIDE + i], (real)shown[i] / 255 - t.model->input.mean[i]);
		}
		while (sgan_stage_left(&t))
			ASSERT_OK(sgan_stage_step(&t));
		ASSERT_OK(sgan_stage_end(&t));
	}
	ASSERT_OK(sgan_trainer_close(&t, SGAN_OK));
	small_run_free(r);
}
