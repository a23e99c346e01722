/* The plan of a training run: networks with shapes and parameters, stages with limits, data and machine.
 *
 * Computes from descriptions alone; nothing is made or written. */
#include "src/cli/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/io/run.h"

static const char *const kinds[] = { "input", "conv", "deconv", "dense", "maxpool", "concat" };

bool cli_plan_runs(const struct sgan_preset *preset, enum sgan_stage stage)
{
	return strcmp(preset->stage, "all") == 0 || strcmp(preset->stage, sgan_stage_name(stage)) == 0;
}

/* The number of the highest run there is, -1: none. */
static long highest_run(const char *out)
{
	char latest[SGAN_PATH];
	if (sgan_run_find(out, "latest", latest) != SGAN_OK)
		return -1;
	const char *slash = strrchr(latest, '/');
	return strtol(slash ? slash + 1 : latest, NULL, 10);
}

sgan_status cli_plan_run(const char *out, const struct sgan_preset *preset, const struct sgan_dataset *data,
                         char run[4096])
{
	int length = snprintf(run, 4096, "%s/%05ld-%s-%s", out, highest_run(out) + 1, preset->name, data->name);
	if (length < 0 || length >= 4096)
		return sgan_fail(SGAN_EINVAL, "--out %.80s...: the path is too long", out);
	return SGAN_OK;
}

/* Index of a layer's first source, which the preset's checks have found to exist. */
static size_t source_of(const struct sgan_net_desc *net, size_t layer)
{
	const char *from = net->layers[layer].from[0];
	for (size_t i = 0; *from && i < layer; i++)
		if (strcmp(net->layers[i].name, from) == 0)
			return i;
	return layer - 1;
}

static size_t parameters(const struct sgan_net_desc *net, size_t layer, size_t shapes[SGAN_LAYERS][3])
{
	const struct sgan_layer_desc *l = &net->layers[layer];
	if (l->kind != SGAN_LAYER_CONV && l->kind != SGAN_LAYER_DECONV && l->kind != SGAN_LAYER_DENSE)
		return 0;
	const size_t *in = shapes[source_of(net, layer)];
	size_t taps = l->kind == SGAN_LAYER_DENSE ? in[0] * in[1] : l->kernel * l->kernel;
	return taps * in[2] * l->out + (l->bias ? l->out : 0) + (l->bn ? 2 * l->out : 0);
}

static sgan_status print_net(const struct sgan_net_desc *net, size_t *total)
{
	size_t shapes[SGAN_LAYERS][3], sum = 0;
	SGAN_TRY(sgan_net_shapes(net, shapes));
	printf("%s\n", net->name);
	for (size_t i = 0; i < net->layer_count; i++) {
		size_t count = parameters(net, i, shapes);
		char shape[64];
		snprintf(shape, sizeof shape, "%zux%zux%zu", shapes[i][0], shapes[i][1], shapes[i][2]);
		printf("  %-12s %-8s %-12s %10zu\n", net->layers[i].name, kinds[net->layers[i].kind], shape, count);
		sum += count;
	}
	printf("  %-34s %10zu\n", "parameters", sum);
	*total += sum;
	return SGAN_OK;
}

static void print_stage(const struct sgan_preset *preset, const struct sgan_dataset *data, enum sgan_stage stage)
{
	const struct sgan_stage_settings *s = &preset->stages[stage];
	size_t an_epoch = data->train.count / s->batch, limit = an_epoch * s->epochs;
	if (s->steps && s->steps < limit)
		limit = s->steps;
	printf("stage    %s: %zu steps of %zu images, %zu an epoch, lr %g, beta1 %g, beta2 %g\n", sgan_stage_name(stage),
	       limit, s->batch, an_epoch, s->lr, s->beta1, s->beta2);
}

sgan_status cli_plan_print(const struct sgan_preset *preset, const struct sgan_dataset *data, const sgan_ctx *ctx,
                           const char *run, const char *init)
{
	printf("preset   %s, seed %llu\n", preset->name, (unsigned long long)preset->seed);
	printf("data     %s: %zu training and %zu test images of %zux%zux%zu in %zu classes\n", data->path,
	       data->train.count, data->test.count, data->height, data->width, data->channels, data->classes);
	printf("machine  %s, %d threads\n", sgan_isa_name(sgan_ctx_isa(ctx)), sgan_ctx_threads(ctx));
	printf("run      %s\n", run);
	if (init)
		printf("init     %s\n", init);
	for (unsigned stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		if (cli_plan_runs(preset, stage))
			print_stage(preset, data, stage);
	size_t total = 0;
	SGAN_TRY(print_net(&preset->encoder, &total));
	for (size_t i = 0; i < preset->stack_count; i++) {
		SGAN_TRY(print_net(&preset->stacks[i].generator, &total));
		SGAN_TRY(print_net(&preset->stacks[i].discriminator, &total));
	}
	printf("%zu parameters in all\n", total);
	return SGAN_OK;
}
