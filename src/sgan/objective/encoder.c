/* The encoder's step: it is trained as a classifier. */
#include "src/cpu/status.h"
#include "src/ops/ops.h"
#include "src/sgan/objective/session_internal.h"

/* The gradient of the scores, back through all parts. */
static sgan_status go_back(struct sgan_session *s)
{
	for (size_t i = s->model->encoder_count; i-- > 0;) {
		const struct sgan_encoder_part *e = &s->model->encoder[i];
		SGAN_TRY(sgan_net_backward(s->ctx, e->part.net, e->part.params, s->encoder[i], true, i > 0 ? e->in : -1));
		if (i > 0)
			SGAN_TRY(sgan_session_add(s, e->in_size, sgan_tape_grad(s->encoder[i], e->in),
			                          sgan_tape_grad(s->encoder[i - 1], e[-1].out)));
	}
	return SGAN_OK;
}

sgan_status sgan_encoder_step(struct sgan_session *s)
{
	const size_t parts = s->model->encoder_count;
	const struct sgan_encoder_part *top = &s->model->encoder[parts - 1];
	for (size_t i = 0; i < parts; i++)
		sgan_params_clear_grads(s->model->encoder[i].part.params);
	SGAN_TRY(sgan_softmax_cross_entropy(s->ctx, s->batch, top->out_size, sgan_session_real(s, parts), s->labels, 1,
	                                    &s->losses[0].value, sgan_tape_grad(s->encoder[parts - 1], top->out)));
	s->taken[0] = true;
	SGAN_TRY(go_back(s));
	for (size_t i = 0; i < parts; i++)
		SGAN_TRY(sgan_session_update(s, &s->model->encoder[i].part, s->updates.first));
	s->updates.first++;
	return SGAN_OK;
}
