/* The encoder's step: it is trained as a classifier. */
#include "src/cpu/status.h"
#include "src/ops/ops.h"
#include "src/sgan/objective/session_internal.h"

sgan_status sgan_encoder_step(struct sgan_session *s)
{
	const size_t top = s->model->stack_count - 1;
	for (size_t i = 0; i <= top; i++)
		sgan_params_clear_grads(s->model->stacks[i].encoder.params);
	SGAN_TRY(sgan_softmax_cross_entropy(s->ctx, s->batch, s->model->preset->classes,
	                                    sgan_tape_value(s->tapes[top].encoder, s->model->stacks[top].encoder_out),
	                                    s->labels, 1, &s->losses[0].value,
	                                    sgan_tape_grad(s->tapes[top].encoder, s->model->stacks[top].encoder_out)));
	for (size_t i = top + 1; i-- > 0;) {
		const struct sgan_stack *stack = &s->model->stacks[i];
		SGAN_TRY(sgan_net_backward(s->ctx, stack->encoder.net, stack->encoder.params, s->tapes[i].encoder, true,
		                           i > 0 ? stack->encoder_in : -1));
		if (i > 0)
			SGAN_TRY(sgan_session_add(s, stack->lower_size, sgan_tape_grad(s->tapes[i].encoder, stack->encoder_in),
			                          sgan_tape_grad(s->tapes[i - 1].encoder, s->model->stacks[i - 1].encoder_out)));
	}
	for (size_t i = 0; i <= top; i++)
		SGAN_TRY(sgan_session_update(s, &s->model->stacks[i].encoder, s->updates.first));
	s->updates.first++;
	return SGAN_OK;
}
