/* Where training starts from, and whether that fits the data it goes on with.
 * It must not know what training does next. */
#include "src/sgan/train/start.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/io/run_record.h"
#include "src/sgan/model/published.h"
#include "src/sgan/train/epoch.h"
#include "src/sgan/train/limits.h"
#include "src/sgan/train/measures.h"
#include "src/sgan/train/pictures.h"
#include "src/sgan/train/together.h"

/* FNV-1a in words of 8 bytes, over sizes, labels and pixels: resuming with other data would give another run. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i += sizeof hash) {
		uint64_t word = 0;
		memcpy(&word, (const char *)bytes + i, size - i < sizeof word ? size - i : sizeof word);
		hash = (hash ^ word) * 0x100000001b3u;
	}
	return hash;
}

/* As bytes where all are, so that a run goes on that was begun when labels were bytes. */
static uint64_t hash_labels(uint64_t hash, const uint32_t *labels, size_t count)
{
	uint8_t bytes[sizeof hash];
	uint32_t largest = 0;
	for (size_t i = 0; i < count; i++)
		largest = labels[i] > largest ? labels[i] : largest;
	if (largest > UINT8_MAX)
		return hash_bytes(hash, labels, count * sizeof *labels);
	for (size_t i = 0; i < count; i += sizeof bytes) {
		const size_t n = count - i < sizeof bytes ? count - i : sizeof bytes;
		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)labels[i + k];
		hash = hash_bytes(hash, bytes, n);
	}
	return hash;
}

/* Labels count where they are read. */
static uint64_t split_hash(const struct sgan_dataset *data, const struct sgan_split *split, bool labels)
{
	const uint64_t sizes[4] = { split->count, data->height, data->width, data->channels };
	uint64_t hash = hash_bytes(0xcbf29ce484222325u, sizes, sizeof sizes);
	if (labels)
		hash = hash_labels(hash, split->labels, split->count);
	return hash_bytes(hash, split->images, split->count * data->height * data->width * data->channels);
}

/* Of what is trained on and of what it is judged by. */
struct hashes {
	uint64_t train, test;
};

static struct hashes hashes_of(const struct sgan_dataset *data, bool labels)
{
	return (struct hashes){ split_hash(data, &data->train, labels), split_hash(data, &data->test, labels) };
}

/* Whether the state of a checkpoint is one that this run can have come to. */
static sgan_status check_state(const struct sgan_trainer *t, const char *path, struct hashes hashes)
{
	const struct sgan_state *state = &t->state;
	const size_t limit = state->stage < SGAN_STAGE_COUNT ? sgan_stage_steps(&t->options->preset->stages[state->stage],
	                                                                        t->options->data->train.count)
	                                                     : 0;
	if (state->step > limit)
		return sgan_fail(SGAN_EFORMAT, "%s: step %" PRIu64 " of stage %s, which has %zu", path, state->step,
		                 sgan_stage_name(state->stage), limit);
	if (state->data_hash != hashes.train)
		return sgan_fail(SGAN_EINVAL, "%s: the run was trained on another dataset ('%s') than %s", path, state->dataset,
		                 t->options->data->name);
	if (state->test_hash != 0 && state->test_hash != hashes.test)
		return sgan_fail(SGAN_EINVAL, "%s: the run had other test images than %s has", path, t->options->data->name);
	return SGAN_OK;
}

static sgan_status restore_measures(struct sgan_trainer *t, const char *path)
{
	const sgan_status status = sgan_measures_restore(t, t->state.measures);
	return status == SGAN_OK ? SGAN_OK : sgan_fail_in(status, "%s", path);
}

/* Opens a file of the run, and reads where training stood in it. */
static sgan_status open_state(struct sgan_trainer *t, const char *name, char path[SGAN_PATH],
                              struct sgan_safetensors **file)
{
	SGAN_TRY(sgan_run_file(t->options->run, name, path));
	SGAN_TRY(sgan_safetensors_open(path, file));
	const sgan_status status = sgan_checkpoint_state(*file, &t->state);
	if (status != SGAN_OK) {
		sgan_safetensors_close(*file);
		*file = NULL;
	}
	return status;
}

/* A run that is done, and whose last stage has been given more to do, goes on from where that stage ended. */
static sgan_status reopen_last_stage(struct sgan_trainer *t, char path[SGAN_PATH], struct sgan_safetensors **file)
{
	const enum sgan_stage last = sgan_last_stage(t->options->preset);
	char name[32];
	if (t->state.stage < SGAN_STAGE_COUNT || !t->options->more)
		return SGAN_OK;
	sgan_safetensors_close(*file);
	*file = NULL;
	snprintf(name, sizeof name, "%s.safetensors", sgan_stage_name(last));
	SGAN_TRY(open_state(t, name, path, file));
	if (t->state.stage == last && t->state.step > 0)
		return SGAN_OK;
	return sgan_fail(SGAN_EUNSUPPORTED,
	                 "%s: an older version of this program has made it, which kept nothing to go on from", path);
}

static sgan_status load_opened(struct sgan_trainer *t, const char *path, const struct sgan_safetensors *file,
                               struct hashes hashes)
{
	SGAN_TRY(check_state(t, path, hashes));
	t->state.test_hash = hashes.test; /* which older files have not */
	SGAN_TRY(restore_measures(t, path));
	t->state.measures = NULL; /* the file's */
	return sgan_checkpoint_load(file, t->model, SGAN_STAGE_COUNT, true);
}

static sgan_status load_checkpoint(struct sgan_trainer *t, struct hashes hashes)
{
	char path[SGAN_PATH];
	struct sgan_safetensors *file;
	SGAN_TRY(open_state(t, SGAN_RUN_CHECKPOINT, path, &file));
	sgan_status status = reopen_last_stage(t, path, &file);
	if (status == SGAN_OK)
		status = load_opened(t, path, file, hashes);
	sgan_safetensors_close(file);
	return status;
}

static sgan_status load_init(struct sgan_trainer *t, const char *path)
{
	struct sgan_safetensors *file;
	struct sgan_state from;
	SGAN_TRY(sgan_safetensors_open(path, &file));
	sgan_status status = sgan_checkpoint_trained(file, t->options->preset, t->state.stage);
	if (status == SGAN_OK)
		status = sgan_checkpoint_state(file, &from);
	if (status == SGAN_OK)
		status = sgan_checkpoint_load(file, t->model, t->state.stage, false);
	for (int i = 0; status == SGAN_OK && i < (int)t->state.stage; i++)
		t->state.trained[i] = from.trained[i];
	sgan_safetensors_close(file);
	return status;
}

/* An encoder from outside: the stage that would train it is done. */
static sgan_status load_encoder(struct sgan_trainer *t, const char *path)
{
	if (t->state.stage > SGAN_STAGE_INDEPENDENT)
		return sgan_fail(SGAN_EINVAL, "%s: stage %s starts from a whole model, not from an encoder", path,
		                 sgan_stage_name(t->state.stage));
	SGAN_TRY(sgan_published_encoder(path, t->model));
	t->state.trained[SGAN_STAGE_ENCODER] = true;
	t->state.stage =
		sgan_last_stage(t->options->preset) == SGAN_STAGE_ENCODER ? SGAN_STAGE_COUNT : SGAN_STAGE_INDEPENDENT;
	return SGAN_OK;
}

static sgan_status begin(struct sgan_trainer *t)
{
	t->state.stage = sgan_first_stage(t->options->preset);
	snprintf(t->state.dataset, sizeof t->state.dataset, "%s", t->options->data->name);
	const bool first = t->state.stage == SGAN_STAGE_ENCODER ||
	                   (t->options->init == NULL && sgan_starts_from_nothing(t->options->preset));
	if (first || t->options->encoder != NULL) /* where weights begin, input is settled */
		SGAN_TRY(sgan_input_measure(&t->model->input, t->options->data->train.count, t->options->data->train.images));
	if (t->options->encoder != NULL)
		return load_encoder(t, t->options->encoder);
	if (first)
		return SGAN_OK;
	if (t->options->init == NULL)
		return sgan_fail(SGAN_EINVAL, "stage %s starts from a trained model: none is given (--init)",
		                 sgan_stage_name(t->state.stage));
	return load_init(t, t->options->init);
}

/* Whether a line of stats.jsonl tells of what the checkpoint holds. */
static bool keep_line(void *arg, const char *stage, int64_t step)
{
	const struct sgan_trainer *t = arg;
	for (int i = 0; i < SGAN_STAGE_COUNT; i++)
		if (strcmp(stage, sgan_stage_name((enum sgan_stage)i)) == 0)
			return i < (int)t->state.stage || (i == (int)t->state.stage && step <= (int64_t)t->state.step);
	return false;
}

/* What the run has in files. */
static sgan_status start_files(struct sgan_trainer *t, struct hashes hashes)
{
	const struct sgan_train_options *o = t->options;
	if (o->resume) {
		SGAN_TRY(load_checkpoint(t, hashes));
		SGAN_TRY(sgan_log_truncate(o->run, keep_line, t));
		if (o->more) { /* the preset is another from now on */
			SGAN_TRY(sgan_trainer_save_again(t));
			SGAN_TRY(sgan_run_record_config(o->run, o->preset->text));
		}
	} else {
		SGAN_TRY(begin(t));
		SGAN_TRY(sgan_trainer_save(t));
		if (sgan_reals_write(o->run, o->data, sgan_preset_reads_labels(o->preset)) != SGAN_OK)
			sgan_trainer_warn(t, "no picture of real images");
	}
	SGAN_TRY(sgan_log_open(o->run, &t->log));
	if (o->encoder == NULL || o->resume)
		return SGAN_OK;
	SGAN_TRY(sgan_trainer_save_stage(t, SGAN_STAGE_ENCODER));
	return sgan_epoch_judge_encoder(t);
}

sgan_status sgan_trainer_start(struct sgan_trainer *t)
{
	const struct hashes hashes = hashes_of(t->options->data, sgan_preset_reads_labels(t->options->preset));
	SGAN_TRY(sgan_ranks_agree(t->options->ranks, sgan_together_check(t, hashes.train ^ hashes.test)));
	t->state.data_hash = hashes.train;
	t->state.test_hash = hashes.test;
	const sgan_status status = sgan_trainer_leads(t) ? start_files(t, hashes) : SGAN_OK;
	SGAN_TRY(sgan_ranks_agree(t->options->ranks, status));
	t->saved = sgan_trainer_now();
	return sgan_together_start(t);
}
