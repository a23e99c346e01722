/* The plan of a training run: networks with shapes and parameters, stages with limits, data and machine.
 *
 * Computes from descriptions alone; nothing is made or written. */
#include "src/cli/plan.h"

#include <stdio.h>

#include "src/cli/cli.h"
#include "src/cpu/status.h"
#include "src/sgan/train/limits.h"

static sgan_status print_net(const struct sgan_net_desc *net, size_t *total)
{
	size_t shapes[SGAN_LAYERS][3], sum = 0;
	SGAN_TRY(sgan_net_shapes(net, shapes));
	printf("%s\n", net->name);
	for (size_t i = 0; i < net->layer_count; i++) {
		size_t count = sgan_net_desc_parameters(net, i, shapes);
		char shape[64];
		snprintf(shape, sizeof shape, "%zux%zux%zu", shapes[i][0], shapes[i][1], shapes[i][2]);
		printf("  %-12s %-8s %-12s %10zu\n", net->layers[i].name, sgan_layer_kind_names[net->layers[i].kind], shape,
		       count);
		sum += count;
	}
	printf("  %-34s %10zu\n", "parameters", sum);
	*total += sum;
	return SGAN_OK;
}

static void print_stage(const struct cli_plan *plan, enum sgan_stage stage)
{
	const struct sgan_stage_settings *s = &plan->preset->stages[stage];
	size_t images = plan->data->train.count;
	char lr[64];
	snprintf(lr, sizeof lr, s->lr_end == s->lr ? "%g" : "%g to %g", s->lr, s->lr_end);
	printf("stage    %s: %zu steps of %zu images, %zu an epoch, lr %s, beta1 %g, beta2 %g\n", sgan_stage_name(stage),
	       sgan_stage_steps(s, images), s->batch, sgan_epoch_steps(s, images), lr, s->beta1, s->beta2);
}

/* What is left to do, after where a resumed run stands. */
static void print_stages(const struct cli_plan *plan)
{
	if (plan->resumed && plan->stage == SGAN_STAGE_COUNT)
		printf("stands   finished: nothing is left to do\n");
	else if (plan->resumed)
		printf("stands   at step %zu of stage %s\n", plan->step, sgan_stage_name(plan->stage));
	if (plan->stage == SGAN_STAGE_COUNT)
		return;
	for (unsigned stage = plan->stage; stage <= sgan_last_stage(plan->preset); stage++)
		print_stage(plan, stage);
}

static void print_memory(const struct cli_plan *plan)
{
	const struct sgan_dataset *d = plan->data;
	const double image = (double)d->height * (double)d->width * (double)d->channels;
	printf("memory   %.2f GB, and %.2f of data", (double)plan->memory * 1e-9,
	       image * ((double)d->train.count + (double)d->test.count) * 1e-9);
	if (plan->room < UINT64_MAX)
		printf("; %.2f GB are to be had", (double)plan->room * 1e-9);
	printf("\n");
}

sgan_status cli_plan_print(const struct cli_plan *plan, const sgan_ctx *ctx)
{
	const struct sgan_preset *preset = plan->preset;
	const struct sgan_dataset *data = plan->data;
	printf("preset   %s, seed %llu\n", preset->name, (unsigned long long)preset->seed);
	char classes[32] = "without labels";
	if (!data->no_labels)
		snprintf(classes, sizeof classes, "in %zu classes", data->classes);
	cli_line("data     %s: %zu training and %zu test images of %zux%zux%zu %s", data->path, data->train.count,
	         data->test.count, data->height, data->width, data->channels, classes);
	printf("machine  %s, %d threads\n", sgan_isa_name(sgan_ctx_isa(ctx)), sgan_ctx_threads(ctx));
	if (plan->processes > 1)
		printf("together %zu processes, each some of a batch's %zu slices\n", plan->processes, preset->slices);
	if (plan->memory > 0)
		print_memory(plan);
	cli_line("run      %s", plan->run);
	if (plan->init)
		cli_line("init     %s", plan->init);
	if (plan->encoder)
		cli_line("encoder  %s", plan->encoder);
	print_stages(plan);
	size_t total = 0;
	SGAN_TRY(print_net(&preset->encoder, &total));
	for (size_t i = 0; i < preset->stack_count; i++) {
		SGAN_TRY(print_net(&preset->stacks[i].generator, &total));
		SGAN_TRY(print_net(&preset->stacks[i].discriminator, &total));
	}
	printf("%zu parameters in all\n", total);
	return SGAN_OK;
}
