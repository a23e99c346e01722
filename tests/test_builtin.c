/* All built-in presets train, in all of their stages, to the same files whether they are stopped or not; large ones of
 * which there is a small form make one step, for the sake of time. */
#include <criterion/parameterized.h>

#include "tests/slow.h"
#include "tests/small_run.h"

#include "src/sgan/preset/builtin.h"
#include "src/sgan/train/limits.h"

enum { FEW = 16 }; /* images: an epoch is two batches */

/* Names of presets, which parameters of tests are to hold themselves. */
struct named {
	char name[SGAN_NAME];
};

/* FEW images of the preset's size. */
static void make_split(const struct sgan_preset *preset, struct sgan_split *split)
{
	const size_t size = preset->height * preset->width * preset->channels;
	split->count = FEW;
	split->images = malloc(FEW * size);
	split->labels = malloc(FEW * sizeof split->labels[0]);
	cr_assert(split->images != NULL && split->labels != NULL);
	for (size_t i = 0; i < FEW; i++)
		split->labels[i] = (uint32_t)(i % CLASSES);
	for (size_t k = 0; k < FEW * size; k++)
		split->images[k] = (uint8_t)(k * k % 251);
}

/* Whether a preset of the same layers with fewer channels is there. */
static bool has_small_form(const char *name)
{
	const size_t length = strlen(name);
	for (size_t i = 0; i < sgan_builtin_preset_count; i++)
		if (strncmp(sgan_builtin_presets[i].name, name, length) == 0 &&
		    strcmp(sgan_builtin_presets[i].name + length, "-small") == 0)
			return true;
	return false;
}

/* One for each way that stages, stacks and losses come together in. */
static bool is_a_kind_of_its_own(const char *name)
{
	static const char *const kinds[] = { "mnist-3stacks", "mnist-nolabels", "cifar10-small", "dcgan-adv-cond-ent-small",
		                                 "dcgan-adv-small", "classifier-fashion-mnist" };
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(name, kinds[i]) == 0)
			return true;
	return false;
}

/* What a run of the preset needs, but for its folder: two steps of each stage, or one. */
static struct small_run *prepare(const char *name)
{
	const char *const settings[] = { has_small_form(name) ? "steps=1" : "steps=2", "batch=8", "log_interval=1" };
	struct small_run *r = calloc(1, sizeof *r);
	cr_assert_not_null(r);
	ASSERT_OK(sgan_ctx_create(&(sgan_ctx_options){ .threads = 2 }, &r->ctx));
	ASSERT_OK(sgan_preset_load(name, settings, 3, &r->preset));
	ASSERT_OK(sgan_preset_settle(&r->preset, CLASSES));
	r->data = (struct sgan_dataset){ .name = "few", .classes = CLASSES };
	r->data.height = r->preset->height;
	r->data.width = r->preset->width;
	r->data.channels = r->preset->channels;
	make_split(r->preset, &r->data.train);
	make_split(r->preset, &r->data.test);
	r->options = (struct sgan_train_options){ .preset = r->preset, .data = &r->data, .run = r->folder };
	return r;
}

static void free_names(struct criterion_test_params *parameters)
{
	cr_free(parameters->params);
}

ParameterizedTestParameters(builtin, trains_and_resumes)
{
	struct named *names = cr_malloc(sgan_builtin_preset_count * sizeof *names);
	for (size_t i = 0; i < sgan_builtin_preset_count; i++)
		snprintf(names[i].name, sizeof names[i].name, "%s", sgan_builtin_presets[i].name);
	return cr_make_param_array(struct named, names, sgan_builtin_preset_count, free_names);
}

/* Every stage that the preset runs has left its file, the same in both. */
static void compare_stages(const struct small_run *r)
{
	for (unsigned stage = sgan_first_stage(r->preset); stage <= sgan_last_stage(r->preset); stage++) {
		char straight[64], stopped[64];
		snprintf(straight, sizeof straight, "straight/%s.safetensors", sgan_stage_name(stage));
		snprintf(stopped, sizeof stopped, "stopped/%s.safetensors", sgan_stage_name(stage));
		expect_same_files(straight, stopped);
	}
}

ParameterizedTest(struct named *preset, builtin, trains_and_resumes, .init = temporary_make, .fini = temporary_remove)
{
	if (is_sanitized() && !is_a_kind_of_its_own(preset->name))
		cr_skip("%s: slow under sanitizers, where one of each kind is run", preset->name);
	struct small_run *r = prepare(preset->name);
	const size_t steps = 2 * (sgan_last_stage(r->preset) - sgan_first_stage(r->preset) + 1);
	train_in_parts(r, "straight", steps, steps);
	if (!has_small_form(preset->name)) {
		train_in_parts(r, "stopped", steps > 2 ? 3 : 1, steps); /* within a stage, the second where there is one */
		compare_stages(r);
		expect_same_files("straight/checkpoint.safetensors", "stopped/checkpoint.safetensors");
		expect_same_stats("straight/stats.jsonl", "stopped/stats.jsonl");
	}
	small_run_free(r);
}
