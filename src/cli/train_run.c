/* See train_run.h. */
#include "src/cli/train_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/plan.h"
#include "src/cpu/status.h"
#include "src/io/run_record.h"
#include "src/machine/room.h"
#include "src/sgan/model/modelfile.h"
#include "src/sgan/model/published.h"
#include "src/sgan/model/requirements.h"
#include "src/sgan/train/limits.h"
#include "src/sgan/train/need.h"
#include "src/sgan/train/train.h"

static bool leads(const struct cli_train *train)
{
	return sgan_ranks_number(train->ranks) == 0;
}

static sgan_status agree(const struct cli_train *train, sgan_status status)
{
	return sgan_ranks_agree(train->ranks, status);
}

/* --- what is to be trained --- */

/* Limits that options set, of the stages from `first` on. */
static size_t add_limits(const struct cli_train *train, size_t first, size_t stages, const char **settings)
{
	size_t count = 0;
	for (size_t i = OWN_EPOCHS; i < OWN_SEED; i++) {
		const size_t stage = (i - OWN_EPOCHS) % SGAN_STAGE_COUNT;
		if (train->own[i][0] && stage >= first && stage < stages)
			settings[count++] = train->own[i];
	}
	return count;
}

/* Loads the preset with what the options set; --epochs and --steps for so many stages. */
static sgan_status load_with(struct cli_train *train, size_t stages, struct sgan_preset **preset)
{
	const char **settings = calloc(OWN_COUNT + train->set_count, sizeof *settings);
	size_t count = 0;
	if (!settings)
		return sgan_fail(SGAN_ENOMEM, "no memory for settings");
	if (train->own[OWN_STAGE][0])
		settings[count++] = train->own[OWN_STAGE];
	count += add_limits(train, 0, stages, settings + count);
	if (train->own[OWN_SEED][0])
		settings[count++] = train->own[OWN_SEED];
	for (size_t i = 0; i < train->set_count; i++)
		settings[count++] = train->sets[i];
	sgan_status status = sgan_preset_load(train->preset_name ? train->preset_name : "mnist", settings, count, preset);
	free(settings);
	return status;
}

/* Limits are for the stages that there are: without stacks the encoder's alone, which the preset tells. */
static sgan_status load_preset(struct cli_train *train)
{
	SGAN_TRY(load_with(train, 0, &train->preset));
	if (!train->own[OWN_EPOCHS][0] && !train->own[OWN_STEPS][0])
		return SGAN_OK;
	const size_t stages = sgan_preset_stages(train->preset);
	sgan_preset_free(train->preset);
	train->preset = NULL;
	return load_with(train, stages, &train->preset);
}

static sgan_status open_data(struct cli_train *train, const char *spec)
{
	const bool labels = sgan_preset_reads_labels(train->preset);
	SGAN_TRY(sgan_dataset_open(spec, labels ? train->preset->classes : 0, &train->data));
	SGAN_TRY(sgan_labels_fit(train->preset, &train->data));
	SGAN_TRY(sgan_preset_settle(&train->preset, train->data.no_labels ? 1 : train->data.classes)); /* 1: not read */
	return sgan_data_fits(train->preset, &train->data);
}

/* The encoder is given: its stage is not run. */
static sgan_status find_encoder(struct cli_train *train)
{
	const enum sgan_stage first = sgan_first_stage(train->preset), last = sgan_last_stage(train->preset);
	if (train->init_name)
		return sgan_fail(SGAN_EINVAL, "--encoder %.200s: the encoder comes from --init already", train->encoder);
	if (first > SGAN_STAGE_INDEPENDENT)
		return sgan_fail(SGAN_EINVAL, "--encoder %.200s: stage '%s' starts from a whole model, which --init names",
		                 train->encoder, train->preset->stage);
	train->at.stage = last == SGAN_STAGE_ENCODER ? SGAN_STAGE_COUNT : SGAN_STAGE_INDEPENDENT;
	return SGAN_OK;
}

/* Finds the model that the stages before the first one come from. */
static sgan_status find_init(struct cli_train *train)
{
	enum sgan_stage first = train->at.stage = sgan_first_stage(train->preset);
	if (first == SGAN_STAGE_ENCODER)
		return train->init_name
		           ? sgan_fail(SGAN_EINVAL, "--init %.200s: stage '%s' starts from nothing and takes no model",
		                       train->init_name, train->preset->stage)
		           : SGAN_OK;
	if (!train->init_name && sgan_starts_from_nothing(train->preset))
		return SGAN_OK;
	if (!train->init_name)
		return sgan_fail(SGAN_EINVAL, "stage '%s' needs --init FILE|RUN: a model that has been through stage '%s'",
		                 train->preset->stage, sgan_stage_name(first - 1));
	SGAN_TRY(sgan_model_file(train->out, train->init_name, train->init));
	return sgan_init_fits(train->init, train->preset, first);
}

static sgan_status prepare_new(struct cli_train *train)
{
	SGAN_TRY(load_preset(train));
	if (train->data_name)
		snprintf(train->data_path, sizeof train->data_path, "%s", train->data_name);
	return train->encoder ? find_encoder(train) : find_init(train);
}

/* Where a run stands by its checkpoint. */
static sgan_status find_stage(struct cli_train *train, const char *checkpoint)
{
	struct sgan_model_info info;
	SGAN_TRY(sgan_model_describe(checkpoint, &info));
	train->at.step = info.step;
	train->at.stage = SGAN_STAGE_ENCODER;
	while (train->at.stage < SGAN_STAGE_COUNT && strcmp(info.stage, sgan_stage_name(train->at.stage)) != 0)
		train->at.stage++;
	return SGAN_OK;
}

static bool has_limits(const struct cli_train *train)
{
	return train->own[OWN_EPOCHS][0] || train->own[OWN_STEPS][0];
}

/* --epochs and --steps of a run that goes on are those of its current stage and of later ones; of a run that is finished,
 * of its last. */
static sgan_status raise_limits(struct cli_train *train, const char *checkpoint)
{
	const char *settings[2 * SGAN_STAGE_COUNT];
	struct sgan_preset *raised;
	const enum sgan_stage last = sgan_last_stage(train->preset),
						  first = train->at.stage < SGAN_STAGE_COUNT ? train->at.stage : last;
	const size_t count = add_limits(train, first, sgan_preset_stages(train->preset), settings);
	train->at.done = train->at.stage == SGAN_STAGE_COUNT;
	if (train->at.done) {
		char name[32], path[SGAN_PATH];
		snprintf(name, sizeof name, "%s.safetensors", sgan_stage_name(last));
		SGAN_TRY(sgan_run_file(train->run, name, path));
		SGAN_TRY(find_stage(train, path));
		if (train->at.stage != last || train->at.step == 0)
			return sgan_fail(SGAN_EUNSUPPORTED,
			                 "%s: an older version of this program has made it, which kept nothing to go on from",
			                 path);
	}
	train->at.was = train->preset->stages[train->at.stage];
	SGAN_TRY(sgan_preset_parse_with(checkpoint, train->preset->text, settings, count, &raised));
	sgan_preset_free(train->preset);
	train->preset = raised;
	train->at.more = true;
	return SGAN_OK;
}

static sgan_status prepare_resumed(struct cli_train *train)
{
	char checkpoint[SGAN_PATH];
	SGAN_TRY(sgan_run_find(train->out, train->resume, train->run));
	SGAN_TRY(sgan_model_file(train->out, train->run, checkpoint));
	SGAN_TRY(sgan_model_preset(checkpoint, &train->preset));
	SGAN_TRY(find_stage(train, checkpoint));
	if (has_limits(train))
		SGAN_TRY(raise_limits(train, checkpoint));
	if (train->data_name) {
		snprintf(train->data_path, sizeof train->data_path, "%s", train->data_name);
		return SGAN_OK;
	}
	const sgan_status status = sgan_run_record_data(train->run, train->data_path);
	return status == SGAN_OK ? SGAN_OK : sgan_fail(status, "%s; give --data", sgan_last_error());
}

/* Whether a run that goes on with other limits can: no less than is done, and the steps that are done the same as if it had
 * had them from the beginning. */
static sgan_status check_limits(const struct cli_train *train)
{
	if (!train->at.more || train->at.stage == SGAN_STAGE_COUNT)
		return SGAN_OK;
	const struct sgan_stage_settings *s = &train->preset->stages[train->at.stage];
	const size_t images = train->data.train.count, steps = sgan_stage_steps(s, images);
	if (steps < train->at.step)
		return sgan_fail(
			SGAN_EINVAL, "stage %s has done %zu steps of %zu an epoch, and --epochs or --steps leave it %zu",
			sgan_stage_name(train->at.stage), train->at.step, sgan_epoch_steps(s, train->data.train.count), steps);
	if (train->at.done && steps == train->at.step && s->steps > steps)
		return sgan_fail(SGAN_EINVAL,
		                 "stage %s has done its %zu epochs, which --steps does not change: give --epochs, too",
		                 sgan_stage_name(train->at.stage), s->epochs);
	if (train->at.done && steps == train->at.step && s->epochs > sgan_stage_epochs(s, images))
		return sgan_fail(SGAN_EINVAL,
		                 "stage %s has done its %zu steps, which --epochs does not change: give --steps, too",
		                 sgan_stage_name(train->at.stage), steps);
	if (s->lr_end != s->lr && train->at.step > 0 && steps != sgan_stage_steps(&train->at.was, images))
		return sgan_fail(SGAN_EINVAL,
		                 "stage %s has begun, and its learning rate falls until its end: another end would have "
		                 "made its steps others; begin anew",
		                 sgan_stage_name(train->at.stage));
	return SGAN_OK;
}

/* Which of a run's states it is. */
static sgan_status tell_init(const char *path)
{
	struct sgan_model_info info;
	char where[64] = "of a run that is done";
	SGAN_TRY(sgan_model_describe(path, &info));
	if (strcmp(info.stage, "done") != 0)
		snprintf(where, sizeof where, "at step %zu of stage %s", info.step, info.stage);
	cli_error(CLI_DONE, "note: --init is %s, %s", path, where);
	return SGAN_OK;
}

/* Says where a limit that was asked for is not what ends a stage. */
static void tell_limits(const struct cli_train *train)
{
	for (unsigned stage = train->at.stage; stage <= (unsigned)sgan_last_stage(train->preset); stage++) {
		const struct sgan_stage_settings *s = &train->preset->stages[stage];
		const size_t steps = sgan_stage_steps(s, train->data.train.count);
		if (train->own[OWN_STEPS][0] && steps < s->steps)
			cli_error(CLI_DONE, "note: stage %s ends with its %zu epochs, after %zu steps, before the %zu of --steps",
			          sgan_stage_name((enum sgan_stage)stage), s->epochs, steps, s->steps);
		if (train->own[OWN_EPOCHS][0] && s->steps > 0 && sgan_stage_epochs(s, train->data.train.count) < s->epochs)
			cli_error(CLI_DONE, "note: stage %s ends after %zu steps, before the %zu epochs of --epochs",
			          sgan_stage_name((enum sgan_stage)stage), steps, s->epochs);
	}
}

/* What is not as the options may be read to say. */
static sgan_status tell_notes(const struct cli_train *train)
{
	tell_limits(train);
	return train->init[0] ? tell_init(train->init) : SGAN_OK;
}

/* The preset's text, and what else follows from files that the first process has read. */
static sgan_status tell_prepared(struct cli_train *train)
{
	struct sgan_ranks *ranks = train->ranks;
	uint64_t size = leads(train) ? strlen(train->preset->text) + 1 : 0;
	if (sgan_ranks_count(ranks) == 1)
		return SGAN_OK;
	SGAN_TRY(sgan_ranks_tell(ranks, &size, sizeof size));
	SGAN_TRY(sgan_ranks_tell(ranks, train->data_path, sizeof train->data_path));
	SGAN_TRY(sgan_ranks_tell(ranks, &train->at, sizeof train->at));
	char *text = leads(train) ? strdup(train->preset->text) : malloc(size);
	sgan_status status =
		text ? SGAN_OK : sgan_fail(SGAN_ENOMEM, "no memory for a preset of %llu bytes", (unsigned long long)size);
	SGAN_TRY(agree(train, status));
	status = sgan_ranks_tell(ranks, text, size);
	if (status == SGAN_OK && !leads(train))
		status = sgan_preset_parse("the first process's preset", text, &train->preset);
	free(text);
	return status;
}

static sgan_status prepare_first(struct cli_train *train)
{
	if (!leads(train))
		return SGAN_OK;
	return train->resume ? prepare_resumed(train) : prepare_new(train);
}

static sgan_status check_encoder(struct cli_train *train)
{
	return train->encoder && leads(train) ? sgan_published_encoder_fits(train->ctx, train->encoder, train->preset)
	                                      : SGAN_OK;
}

static sgan_status prepare(struct cli_train *train)
{
	SGAN_TRY(agree(train, prepare_first(train)));
	SGAN_TRY(agree(train, tell_prepared(train)));
	SGAN_TRY(agree(train, sgan_ranks_fit(train->preset, train->ranks)));
	SGAN_TRY(agree(train, open_data(train, train->data_path[0] ? train->data_path : NULL))); /* which may settle what
	                                                                                            networks there are */
	SGAN_TRY(agree(train, check_limits(train)));
	SGAN_TRY(agree(train, check_encoder(train)));
	return agree(train, leads(train) && !train->quiet ? tell_notes(train) : SGAN_OK);
}

/* --- doing it --- */

/* Once a stage has begun there is something to go on from. */
static void show(void *arg, const struct sgan_progress *progress)
{
	struct cli_train *train = arg;
	train->begun = true;
	cli_progress_show(&train->progress, progress);
}

static sgan_status train_in_run(struct cli_train *train)
{
	cli_progress_begin(&train->progress, train->quiet || !leads(train));
	struct sgan_train_options call = {
		.preset = train->preset,
		.data = &train->data,
		.run = train->run,
		.init = train->init[0] ? train->init : NULL,
		.encoder = train->encoder,
		.resume = train->resume != NULL,
		.more = train->at.more,
		.save_every = (double)train->save_every,
		.stop_after = (size_t)train->stop_after,
		.ranks = train->ranks,
		.save = &cli_save,
		.stop = &cli_stop,
		.progress = leads(train) ? show : NULL,
		.arg = train,
	};
	sgan_status status = sgan_train(train->ctx, &call);
	cli_progress_end(&train->progress);
	return status;
}

/* The run's folder, with what it is of. */
static sgan_status make_run(struct cli_train *train)
{
	if (!leads(train))
		return SGAN_OK;
	SGAN_TRY(sgan_run_clean(train->out));
	SGAN_TRY(sgan_run_create(train->out, train->preset->name, train->data.name, &cli_stop, train->run));
	const struct sgan_run_record record = {
		.config = train->preset->text,
		.isa = sgan_isa_name(sgan_ctx_isa(train->ctx)),
		.preset = train->preset->name,
		.dataset = train->data.name,
		.data = train->data.path,
	};
	const sgan_status status = sgan_run_record_write(train->run, &record);
	if (status != SGAN_OK)
		sgan_run_record_discard(train->run);
	return status;
}

static sgan_status run_new(struct cli_train *train)
{
	SGAN_TRY(agree(train, make_run(train)));
	const sgan_status status = train_in_run(train);
	if (status != SGAN_OK && leads(train))
		sgan_run_record_discard(train->run);
	return status;
}

/* Whether the run is done, and has been given nothing more to do. */
static bool is_finished(const struct cli_train *train)
{
	if (train->at.stage == SGAN_STAGE_COUNT)
		return true;
	return train->at.done &&
	       train->at.step == sgan_stage_steps(&train->preset->stages[train->at.stage], train->data.train.count);
}

static sgan_status go_on(struct cli_train *train)
{
	if (!is_finished(train))
		return train_in_run(train);
	if (!train->quiet && leads(train))
		cli_error(CLI_DONE, "%s: the run is finished already", train->run);
	return SGAN_OK;
}

static sgan_status print_plan(struct cli_train *train)
{
	if (!leads(train))
		return SGAN_OK;
	if (!train->resume)
		SGAN_TRY(sgan_run_next(train->out, train->preset->name, train->data.name, train->run));
	const struct cli_plan plan = {
		.preset = train->preset,
		.data = &train->data,
		.run = train->run,
		.init = train->init[0] ? train->init : NULL,
		.encoder = train->encoder,
		.stage = train->at.stage,
		.step = train->at.step,
		.resumed = train->resume != NULL,
		.processes = sgan_ranks_count(train->ranks),
		.memory = train->memory,
		.room = sgan_memory_room(""),
	};
	return cli_plan_print(&plan, train->ctx);
}

/* A context for this process. Where others may use its CPUs, too, they share them. */
static sgan_status make_context(struct cli_train *train)
{
	train->machine.sharers = sgan_ranks_sharers(train->ranks);
	SGAN_TRY(cli_context(&train->machine, &train->ctx));
	const sgan_exchange exchange = sgan_ranks_exchange(train->ranks);
	return train->ranks ? sgan_ctx_set_exchange(train->ctx, &exchange) : SGAN_OK;
}

/* What the whole run takes, before any of it: a later stage may take more than the first. Where little is known of what is
 * to be had, the system decides. */
static sgan_status check_memory(struct cli_train *train)
{
	const uint64_t room = sgan_memory_room("");
	size_t bytes;
	if (is_finished(train))
		return SGAN_OK;
	SGAN_TRY(sgan_train_memory(train->ctx, train->preset, &train->data, train->at.stage, &bytes));
	train->memory = bytes;
	const size_t here = sgan_ranks_neighbours(train->ranks);
	if (train->dry_run || bytes <= room / here)
		return SGAN_OK;
	return sgan_fail(SGAN_ENOMEM,
	                 "this run takes %.2f GB of memory besides its data, and %.2f GB are to be had%s: a smaller "
	                 "batch takes less",
	                 (double)bytes * (double)here * 1e-9, (double)room * 1e-9,
	                 here > 1 ? " by the processes on this machine" : "");
}

static sgan_status stop_early(void)
{
	return cli_stop ? sgan_fail(SGAN_EINTERRUPTED, "stopped before training began") : SGAN_OK;
}

sgan_status cli_train_run(struct cli_train *train)
{
	SGAN_TRY(agree(train, make_context(train)));
	SGAN_TRY(prepare(train));
	SGAN_TRY(agree(train, check_memory(train)));
	if (train->dry_run)
		return agree(train, print_plan(train));
	SGAN_TRY(agree(train, stop_early()));
	SGAN_TRY(train->resume ? go_on(train) : run_new(train));
	if (leads(train))
		printf("%s\n", train->run);
	return SGAN_OK;
}

void cli_train_free(struct cli_train *train)
{
	sgan_dataset_free(&train->data);
	sgan_preset_free(train->preset);
	sgan_ctx_destroy(train->ctx);
}
