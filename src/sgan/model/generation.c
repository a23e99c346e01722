/* One generator, from its condition and z.
 * It must not know what becomes of what it makes. */
#include "src/sgan/model/generation.h"

#include "src/cpu/memory.h"
#include "src/cpu/status.h"

sgan_status sgan_generation_create(const struct sgan_model *model, size_t i, struct sgan_generation *generation)
{
	const struct sgan_stack *stack = &model->stacks[i];
	*generation = (struct sgan_generation){ .model = model, .stack = stack };
	SGAN_TRY(sgan_tape_create(stack->generator.net, false, &generation->tape));
	generation->z = sgan_alloc(model->max_batch, stack->noise_size * sizeof(real));
	return generation->z != NULL ? SGAN_OK : SGAN_ENOMEM;
}

void sgan_generation_free(struct sgan_generation *generation)
{
	sgan_tape_destroy(generation->tape);
	sgan_free(generation->z);
	*generation = (struct sgan_generation){ .model = NULL };
}

sgan_status sgan_generation_run(sgan_ctx *ctx, struct sgan_generation *generation, size_t n, const real *condition,
                                const real **h)
{
	const struct sgan_stack *stack = generation->stack;
	const struct sgan_part *part = &stack->generator;
	if (stack->generator_condition >= 0)
		sgan_tape_input(generation->tape, stack->generator_condition, condition);
	sgan_tape_input(generation->tape, stack->generator_noise, generation->z);
	SGAN_TRY(sgan_net_forward(ctx, part->net, sgan_part_drawn_with(part), generation->tape,
	                          sgan_whole_batch(n, generation->model->preset->slices), SGAN_INFER));
	*h = sgan_tape_value(generation->tape, stack->generator_out);
	return SGAN_OK;
}
