/* A batch for a session's steps: its labels, and the encoder's features of it. */
#include <string.h>

#include "src/cpu/status.h"
#include "src/ops/ops.h"
#include "src/sgan/objective/session_internal.h"
#include "src/sgan/objective/terms.h"

/* h(i+1) = E_i(h(i)), from the image up to what E_(end-1) gives (section 3.2). */
static sgan_status run_encoder(struct sgan_session *s, size_t end, enum sgan_mode mode)
{
	for (size_t i = 0; i < end; i++) {
		const struct sgan_encoder_part *e = &s->model->encoder[i];
		sgan_tape_input(s->encoder[i], e->in, sgan_session_real(s, i));
		sgan_session_random(s, s->encoder[i], SGAN_RANDOM_ENCODER, i, SGAN_DRAWN_BY_ENCODER, s->updates.first);
		SGAN_TRY(sgan_net_forward(s->ctx, e->part.net, e->part.params, s->encoder[i], s->batch, mode));
	}
	return SGAN_OK;
}

/* How many of the encoder's parts the steps need real h of: E_i makes what D_(i+1) is shown and, in the independent
 * stage and below the top, what G_i is conditioned on. */
static size_t encoder_end(const struct sgan_session *s)
{
	if (s->stage == SGAN_STAGE_ENCODER)
		return s->model->encoder_count;
	const size_t last = s->stack_end - 1;
	const bool conditions = s->stage == SGAN_STAGE_INDEPENDENT && s->stack_end < s->model->stack_count &&
	                        s->model->stacks[last].generator_condition >= 0;
	return conditions ? s->stack_end : last;
}

static bool uses_labels(const struct sgan_session *s)
{
	for (size_t i = s->stack_begin; i < s->stack_end; i++)
		if (sgan_terms_use_labels(s, i))
			return true;
	return s->stage == SGAN_STAGE_ENCODER;
}

/* Labels as what the top generator is conditioned on, where it is. In the encoder's stage they are what it has to tell,
 * which need not be classes. */
static sgan_status encode_labels(struct sgan_session *s)
{
	const struct sgan_preset *preset = s->model->preset;
	const size_t classes = s->stage == SGAN_STAGE_ENCODER ? sgan_preset_scores(preset) : preset->classes;
	const struct sgan_image_range images = sgan_batch_images(s->batch);
	if (s->one_hot != NULL)
		memset(s->one_hot, 0, s->batch.n * classes * sizeof s->one_hot[0]);
	for (size_t i = images.first; i < images.first + images.count; i++) {
		if (s->labels[i] >= classes)
			return sgan_fail(SGAN_EINVAL, "image %zu of a batch: label %u, expected less than %zu", i,
			                 (unsigned)s->labels[i], classes);
		if (s->one_hot != NULL)
			s->one_hot[i * classes + s->labels[i]] = 1;
	}
	return SGAN_OK;
}

sgan_status sgan_session_batch(struct sgan_session *s, size_t n, const real *x, const uint32_t *labels)
{
	if (n == 0 || n > s->model->max_batch)
		return sgan_fail(SGAN_EINVAL, "a batch of %zu images for a model made for 1 to %zu", n, s->model->max_batch);
	s->batch = (sgan_batch){ n, s->model->preset->slices, s->slice_begin, s->slice_end };
	s->x = x;
	s->labels = labels;
	memset(s->taken, 0, s->loss_count * sizeof s->taken[0]);
	if (labels != NULL)
		SGAN_TRY(encode_labels(s));
	else if (uses_labels(s))
		return sgan_fail(SGAN_EINVAL, "stage %s: a batch without labels, which it needs", sgan_stage_name(s->stage));
	return run_encoder(s, encoder_end(s), s->stage == SGAN_STAGE_ENCODER ? SGAN_TRAIN_RUNNING : SGAN_INFER);
}

sgan_status sgan_session_classify(struct sgan_session *s, size_t n, const real *x, uint32_t *classes)
{
	const size_t parts = s->model->encoder_count, count = s->model->encoder[parts - 1].out_size;
	if (n == 0 || n > s->model->max_batch)
		return sgan_fail(SGAN_EINVAL, "%zu images to classify with a model made for 1 to %zu", n, s->model->max_batch);
	s->batch = sgan_whole_batch(n, s->model->preset->slices);
	s->x = x;
	SGAN_TRY(run_encoder(s, parts, SGAN_INFER));
	const real *scores = sgan_session_real(s, parts);
	for (size_t i = 0; i < n; i++) {
		classes[i] = 0;
		for (size_t c = 1; c < count; c++)
			if (scores[i * count + c] > scores[i * count + classes[i]])
				classes[i] = (uint32_t)c;
	}
	return SGAN_OK;
}
