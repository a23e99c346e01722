/* What an evaluation found, of which model, and its file, eval.json. Knows nothing of how scores are computed. */
#ifndef SGAN_SGAN_EVAL_EVALUATION_H
#define SGAN_SGAN_EVAL_EVALUATION_H

#include "src/io/run.h"
#include "src/sgan/eval/classifier.h"

#define SGAN_RUN_EVALUATION "eval.json"

enum { SGAN_SCORES_MAX = 9 + 2 * SGAN_STACKS_MAX, SGAN_EVAL_WARNINGS = 4, SGAN_EVAL_WARNING = 256 };

/* NaN: does not apply, or there is none. */
struct sgan_score {
	char name[32]; /* "frechet_distance", "z_share_g0": letters, digits and '_' */
	double samples, samples_std;
	double held_out, held_out_std; /* the same of the test images in the samples' place: the bound */
};

struct sgan_evaluation {
	char model[256];                   /* its file's name, without the folder */
	char preset[SGAN_NAME], stage[16]; /* of the model, and where its training stood: "done", "joint", ... */
	char generators[SGAN_HASH_TEXT];
	char dataset[SGAN_DATA_NAME];
	char classifier[SGAN_NAME], hash[SGAN_HASH_TEXT];
	uint64_t step, seed;
	size_t samples, held_out, training; /* images */
	size_t score_count;
	struct sgan_score scores[SGAN_SCORES_MAX];
	size_t warning_count; /* why scores may say nothing; a line each */
	char warnings[SGAN_EVAL_WARNINGS][SGAN_EVAL_WARNING];
};

/* Where a model file's evaluation is, in its folder: eval.json of checkpoint.safetensors, a run's newest state;
 * eval-NAME.json of any other file, NAME its own name without .safetensors. SGAN_EINVAL: the path is too long. */
sgan_status sgan_evaluation_path(const char *model, char path[SGAN_PATH]);

/* Writes the file, all or not at all. SGAN_EIO, SGAN_ENOMEM. */
sgan_status sgan_evaluation_write(const char *path, const struct sgan_evaluation *evaluation);

/* Reads such a file. SGAN_EIO; SGAN_EFORMAT: it is none, and the message names what is missing. */
sgan_status sgan_evaluation_read(const char *path, struct sgan_evaluation *evaluation);

#endif
