/* Images of the training half for steps, shown as the stage shows them.
 * It must not know what the steps do. */
#include "src/sgan/train/feed.h"

#include "src/cpu/status.h"
#include "src/ops/ops.h"
#include "src/sgan/model/streams.h"

void sgan_feed_put(struct sgan_trainer *t, size_t k, const uint8_t *pixels, const struct sgan_view *view)
{
	if (view != NULL)
		sgan_view_show(t->options->preset, view, pixels, t->shown);
	sgan_input_of_bytes(&t->model->input, 1, view != NULL ? t->shown : pixels, t->x + k * t->model->input.size);
}

/* Image number `image` of the training half into place k of the batch, with what is to be told of it. */
static sgan_status take_image(struct sgan_trainer *t, size_t k, size_t image)
{
	const struct sgan_preset *preset = t->options->preset;
	const struct sgan_split *train = &t->options->data->train;
	const bool shown = t->state.stage == SGAN_STAGE_ENCODER && sgan_views(preset);
	struct sgan_view view = { .flip = false };
	if (shown)
		SGAN_TRY(sgan_view_draw(t->ctx, preset, t->state.step, k, &view));
	sgan_feed_put(t, k, train->images + image * t->model->input.size, shown ? &view : NULL);
	t->labels[k] = sgan_preset_reads_labels(preset) ? train->labels[image] : view.turns;
	return SGAN_OK;
}

/* The session's batch: what has been put into its places. */
static sgan_status hand_over(struct sgan_trainer *t)
{
	const bool labelled = t->state.stage == SGAN_STAGE_ENCODER || sgan_preset_reads_labels(t->options->preset);
	return sgan_session_batch(t->session, sgan_trainer_settings(t)->batch, t->x, labelled ? t->labels : NULL);
}

sgan_status sgan_feed_step(struct sgan_trainer *t)
{
	const struct sgan_split *train = &t->options->data->train;
	const struct sgan_image_range own = sgan_batch_images(sgan_trainer_batch(t));
	const size_t n = sgan_trainer_settings(t)->batch;
	const uint64_t epoch = t->state.step / sgan_trainer_epoch_steps(t);
	const size_t first = (size_t)(t->state.step % sgan_trainer_epoch_steps(t)) * n;
	if (t->order_epoch != epoch) {
		SGAN_TRY(sgan_random_permutation(t->options->preset->seed,
		                                 sgan_stream(SGAN_RANDOM_SHUFFLE, (unsigned)t->state.stage, 0), epoch,
		                                 train->count, t->order));
		t->order_epoch = epoch;
	}
	for (size_t k = own.first; k < own.first + own.count; k++)
		SGAN_TRY(take_image(t, k, t->order[first + k]));
	return hand_over(t);
}

sgan_status sgan_feed_evenly(struct sgan_trainer *t, size_t number, size_t batches)
{
	const struct sgan_image_range own = sgan_batch_images(sgan_trainer_batch(t));
	const size_t n = sgan_trainer_settings(t)->batch;
	for (size_t k = own.first; k < own.first + own.count; k++) {
		const uint64_t place = (uint64_t)number * n + k;
		SGAN_TRY(take_image(t, k, (size_t)(place * t->options->data->train.count / ((uint64_t)n * batches))));
	}
	return hand_over(t);
}
