/* Samples, held-out and training images, and every score of them.
 * It must not know how metrics are computed. */
#include "src/sgan/eval/evaluate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <sgan/ops.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"
#include "src/metrics/chance.h"
#include "src/metrics/gaussian.h"
#include "src/metrics/inception_score.h"
#include "src/metrics/kernel_distance.h"
#include "src/metrics/neighbours.h"
#include "src/sgan/eval/recovery.h"
#include "src/sgan/eval/warnings.h"
#include "src/sgan/model/modelfile.h"
#include "src/sgan/model/requirements.h"
#include "src/sgan/model/streams.h"
#include "src/sgan/sample/generators.h"
#include "src/sgan/sample/sampler.h"
#include "src/sgan/sample/z_share.h"

enum {
	BATCH = 100,
	SPLITS = 10,              /* of the Inception score's formula */
	NEIGHBOURS = 3,           /* k of precision and recall */
	NEIGHBOUR_IMAGES = 10000, /* of each kind, where work grows with their square */
	IMAGES_A_CLASS = 1000,    /* of diversity */
	RECOVERY_BATCHES = 20,
	ORDER_STREAM = 1, /* of held-out and training images, step 0 and 1 */
};

/* Images of one kind and what the classifier says of them. */
struct images {
	size_t count;
	const uint8_t *pixels;  /* [count, size] */
	const uint32_t *labels; /* [count]; NULL: of a dataset without labels */
	void *own[2];           /* pixels and labels, where they are this one's */
	real *features;         /* [count, feature_count] */
	real *probabilities;    /* [count, classes] */
	struct sgan_gaussian gaussian;
	double nearest; /* the mean pixel distance from the nearest training image, once memorised() has found these */
};

struct evaluator {
	sgan_ctx *ctx;
	const struct sgan_eval_options *o;
	size_t size; /* of an image */
	struct sgan_model *model;
	struct images samples, held_out, training;
	struct sgan_evaluation *result;
};

sgan_status sgan_eval_fits(const struct sgan_preset *p, const struct sgan_classifier *c, const struct sgan_dataset *d)
{
	if (p->stack_count == 0)
		return sgan_fail(SGAN_EINVAL, "preset %s has no generators: there are no samples to evaluate", p->name);
	/* A model that knows no labels is judged by the dataset's, or by the classifier's where that has none either. */
	const size_t classes = sgan_preset_reads_labels(p) ? p->classes : d->no_labels ? c->classes : d->classes;
	SGAN_TRY(sgan_images_fit(p, d));
	if (c->height != p->height || c->width != p->width || c->channels != p->channels || c->classes != classes)
		return sgan_fail(SGAN_EINVAL,
		                 "classifier %s: takes %zux%zux%zu in %zu classes, the model makes %zux%zux%zu in %zu", c->name,
		                 c->height, c->width, c->channels, c->classes, p->height, p->width, p->channels, classes);
	if (d->train.count < SGAN_EVAL_FEWEST || d->test.count < SGAN_EVAL_FEWEST)
		return sgan_fail(SGAN_EINVAL, "dataset %s: %zu training and %zu test images, at least %d of each expected",
		                 d->name, d->train.count, d->test.count, (int)SGAN_EVAL_FEWEST);
	return SGAN_OK;
}

static void tell(const struct evaluator *e, const char *what)
{
	if (e->o->progress != NULL)
		e->o->progress(e->o->arg, what);
}

/* --- images ----------------------------------------------------------------------- */

static sgan_status make_own(struct images *im, size_t count, size_t size, uint8_t **pixels, uint32_t **labels)
{
	im->count = count;
	im->pixels = im->own[0] = *pixels = sgan_alloc(count, size);
	im->labels = im->own[1] = *labels = sgan_alloc(count, sizeof **labels);
	return *pixels != NULL && *labels != NULL ? SGAN_OK : SGAN_ENOMEM;
}

static sgan_status draw(struct evaluator *e)
{
	uint8_t *pixels;
	uint32_t *labels;
	struct sgan_sampler *sampler;
	tell(e, "drawing samples");
	SGAN_TRY(make_own(&e->samples, e->o->count, e->size, &pixels, &labels));
	for (size_t i = 0; i < e->o->count; i++)
		labels[i] = (uint32_t)(i % e->o->preset->classes);
	SGAN_TRY(sgan_sampler_create(e->ctx, e->model, &sampler));
	sgan_status status =
		sgan_sampler_draw(sampler, sgan_stream(SGAN_RANDOM_SAMPLE, 0, 0), e->o->seed, 0, e->o->count, labels, pixels);
	sgan_sampler_destroy(sampler);
	return status;
}

/* A half's images in an order of their own, for a file may have them class by class. */
static sgan_status shuffle(const struct evaluator *e, const struct sgan_split *split, uint64_t step, struct images *im)
{
	uint8_t *pixels;
	uint32_t *labels, *order = sgan_alloc(split->count, sizeof *order);
	sgan_status status = order != NULL ? make_own(im, split->count, e->size, &pixels, &labels) : SGAN_ENOMEM;
	if (status == SGAN_OK)
		status = sgan_random_permutation(e->o->seed, ORDER_STREAM, step, split->count, order);
	for (size_t i = 0; i < split->count && status == SGAN_OK; i++) {
		memcpy(pixels + i * e->size, split->images + order[i] * e->size, e->size);
		if (split->labels != NULL)
			labels[i] = split->labels[order[i]];
	}
	if (split->labels == NULL)
		im->labels = NULL;
	sgan_free(order);
	return status;
}

static sgan_status judge(const struct evaluator *e, struct images *im)
{
	const struct sgan_classifier *c = e->o->classifier;
	im->features = sgan_alloc(im->count, c->feature_count * sizeof(real));
	im->probabilities = sgan_alloc(im->count, c->classes * sizeof(real));
	if (im->features == NULL || im->probabilities == NULL)
		return SGAN_ENOMEM;
	SGAN_TRY(sgan_classify(c, im->count, im->pixels, im->features, im->probabilities));
	return sgan_gaussian_fit(e->ctx, im->count, c->feature_count, im->features, &im->gaussian);
}

static void free_images(struct images *im)
{
	sgan_free(im->own[0]);
	sgan_free(im->own[1]);
	sgan_free(im->features);
	sgan_free(im->probabilities);
	sgan_gaussian_free(&im->gaussian);
}

static sgan_status prepare(struct evaluator *e)
{
	SGAN_TRY(draw(e));
	SGAN_TRY(shuffle(e, &e->o->data->test, 0, &e->held_out));
	SGAN_TRY(shuffle(e, &e->o->data->train, 1, &e->training));
	tell(e, "classifying samples");
	SGAN_TRY(judge(e, &e->samples));
	tell(e, "classifying real images");
	SGAN_TRY(judge(e, &e->held_out));
	return judge(e, &e->training);
}

/* --- scores of images ------------------------------------------------------------- */

static size_t at_most(size_t count, size_t limit)
{
	return count < limit ? count : limit;
}

/* Equally many of all kinds, for precision and recall depend on how many. */
static size_t neighbour_count(const struct evaluator *e)
{
	const size_t real_count = at_most(e->held_out.count, e->training.count);
	return at_most(at_most(e->samples.count, real_count), NEIGHBOUR_IMAGES);
}

static struct sgan_rows features_of(const struct evaluator *e, const struct images *im, size_t count)
{
	return (struct sgan_rows){ .count = count, .size = e->o->classifier->feature_count, .values = im->features };
}

static sgan_status frechet(struct evaluator *e, struct images *im, struct sgan_estimate *score)
{
	return sgan_frechet_distance(e->ctx, &im->gaussian, &e->training.gaussian, &score->mean);
}

static sgan_status kernel(struct evaluator *e, struct images *im, struct sgan_estimate *score)
{
	return sgan_kernel_distance(e->ctx, im->count, im->features, e->training.count, e->training.features,
	                            e->o->classifier->feature_count, e->o->seed, score);
}

static sgan_status precision(struct evaluator *e, struct images *im, struct sgan_estimate *score)
{
	const size_t n = neighbour_count(e);
	const struct sgan_rows these = features_of(e, im, n), training = features_of(e, &e->training, n);
	return sgan_covered(e->ctx, &these, &training, NEIGHBOURS, &score->mean);
}

static sgan_status recall(struct evaluator *e, struct images *im, struct sgan_estimate *score)
{
	const size_t n = neighbour_count(e);
	const struct sgan_rows these = features_of(e, im, n), training = features_of(e, &e->training, n);
	return sgan_covered(e->ctx, &training, &these, NEIGHBOURS, &score->mean);
}

static sgan_status inception(struct evaluator *e, struct images *im, struct sgan_estimate *score)
{
	return sgan_inception_score(im->count, e->o->classifier->classes, im->probabilities, SPLITS, score);
}

/* Whether a kind's images are samples of a model that takes no label, or real ones of a dataset that has none. */
static bool without_labels(const struct evaluator *e, const struct images *im)
{
	return im == &e->samples ? !sgan_preset_labelled(e->o->preset) : im->labels == NULL;
}

/* The share that the classifier gives the label that was asked for; of real images, its accuracy. */
static double share_right(const struct evaluator *e, const struct images *im)
{
	const size_t classes = e->o->classifier->classes;
	size_t right = 0;
	for (size_t i = 0; i < im->count; i++)
		right += sgan_most_likely(classes, im->probabilities + i * classes) == im->labels[i];
	return (double)right / (double)im->count;
}

static sgan_status agreement(struct evaluator *e, struct images *im, struct sgan_estimate *score)
{
	if (!without_labels(e, im))
		score->mean = share_right(e, im);
	return SGAN_OK;
}

/* A class's first images behind one another. */
static size_t take_class(const struct evaluator *e, const struct images *im, uint32_t class, uint8_t *pixels)
{
	size_t count = 0;
	for (size_t i = 0; i < im->count && count < IMAGES_A_CLASS; i++)
		if (im->labels[i] == class)
			memcpy(pixels + count++ * e->size, im->pixels + i * e->size, e->size);
	return count;
}

/* The mean pixel distance of two images of a class, the mean over classes that have two. */
static sgan_status diversity(struct evaluator *e, struct images *im, struct sgan_estimate *score)
{
	size_t classes = 0;
	double sum = 0, mean;
	if (without_labels(e, im))
		return SGAN_OK;
	uint8_t *pixels = sgan_alloc(IMAGES_A_CLASS, e->size);
	sgan_status status = pixels != NULL ? SGAN_OK : SGAN_ENOMEM;
	for (uint32_t class = 0; class < e->o->classifier->classes && status == SGAN_OK; class ++) {
		const struct sgan_rows rows = { take_class(e, im, class, pixels), e->size, NULL, pixels };
		if (rows.count < 2)
			continue;
		status = sgan_mean_distance(e->ctx, &rows, &mean);
		sum += mean;
		classes++;
	}
	sgan_free(pixels);
	if (classes > 0)
		score->mean = sum / (double)classes;
	return status;
}

/* The share that lies closer to its nearest training image than that one to its own nearest. */
static sgan_status memorised(struct evaluator *e, struct images *im, struct sgan_estimate *score)
{
	const struct sgan_rows training = { e->training.count, e->size, NULL, e->training.pixels };
	const struct sgan_rows these = { at_most(im->count, NEIGHBOUR_IMAGES), e->size, NULL, im->pixels };
	return sgan_closer(e->ctx, &these, &training, &score->mean, &im->nearest);
}

/* Behind it, for what it found. */
static sgan_status nearest_distance(struct evaluator *e, struct images *im, struct sgan_estimate *score)
{
	(void)e;
	score->mean = im->nearest;
	return SGAN_OK;
}

static const struct {
	const char *name, *telling;
	sgan_status (*measure)(struct evaluator *e, struct images *im, struct sgan_estimate *score);
} rows[] = {
	{ "frechet_distance", "Fréchet distance", frechet },
	{ "kernel_distance", "kernel distance", kernel },
	{ "precision", "precision", precision },
	{ "recall", "recall", recall },
	{ "inception_formula", "Inception score's formula", inception },
	{ "label_agreement", "agreement with labels", agreement },
	{ "class_diversity", "diversity in a class", diversity },
	{ "memorised", "distances to training images", memorised },
	{ "nearest_distance", "their mean", nearest_distance },
};

_Static_assert(sizeof rows / sizeof rows[0] + 2 * SGAN_STACKS_MAX <= SGAN_SCORES_MAX,
               "a score for each row, and two for each stack");

static struct sgan_score *add_score(struct evaluator *e, const char *name)
{
	struct sgan_score *score = &e->result->scores[e->result->score_count++];
	*score = (struct sgan_score){ .samples = NAN, .samples_std = NAN, .held_out = NAN, .held_out_std = NAN };
	snprintf(score->name, sizeof score->name, "%s", name);
	return score;
}

static sgan_status measure_images(struct evaluator *e)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sgan_estimate samples = { NAN, NAN }, held_out = { NAN, NAN };
		tell(e, rows[i].telling);
		SGAN_TRY(rows[i].measure(e, &e->samples, &samples));
		SGAN_TRY(rows[i].measure(e, &e->held_out, &held_out));
		struct sgan_score *score = add_score(e, rows[i].name);
		score->samples = samples.mean;
		score->samples_std = samples.std;
		score->held_out = held_out.mean;
		score->held_out_std = held_out.std;
	}
	return SGAN_OK;
}

/* --- scores of stacks ------------------------------------------------------------- */

static void add_stacks(struct evaluator *e, const char *name, const double *values)
{
	for (size_t i = 0; i < e->model->stack_count; i++) {
		char text[32];
		snprintf(text, sizeof text, "%s_g%zu", name, i);
		add_score(e, text)->samples = values[i];
	}
}

static sgan_status measure_stacks(struct evaluator *e)
{
	double values[SGAN_STACKS_MAX];
	tell(e, "z shares");
	SGAN_TRY(
		sgan_z_shares(e->ctx, e->model, sgan_z_share_images(e->o->data), SGAN_Z_SHARE_CONDITIONS, e->o->seed, values));
	add_stacks(e, "z_share", values);
	tell(e, "recovery of z");
	SGAN_TRY(sgan_recovery(e->ctx, e->model, RECOVERY_BATCHES, e->o->seed, values));
	add_stacks(e, "recovery", values);
	return SGAN_OK;
}

/* --- all ---------------------------------------------------------------------------- */

/* What tells a model file's state from any other. */
static sgan_status identify(const char *path, const struct sgan_model *model, struct sgan_evaluation *r)
{
	struct sgan_model_info info;
	const char *slash = strrchr(path, '/');
	SGAN_TRY(sgan_model_describe(path, &info));
	r->step = info.step;
	snprintf(r->stage, sizeof r->stage, "%s", info.stage);
	snprintf(r->model, sizeof r->model, "%s", slash == NULL ? path : slash + 1);
	sgan_hash_generators(model, r->generators);
	return SGAN_OK;
}

static sgan_status describe(struct evaluator *e)
{
	struct sgan_evaluation *r = e->result;
	*r = (struct sgan_evaluation){ .seed = e->o->seed, .samples = e->o->count };
	SGAN_TRY(identify(e->o->model, e->model, r));
	r->held_out = e->o->data->test.count;
	r->training = e->o->data->train.count;
	snprintf(r->preset, sizeof r->preset, "%s", e->o->preset->name);
	snprintf(r->dataset, sizeof r->dataset, "%s", e->o->data->name);
	snprintf(r->classifier, sizeof r->classifier, "%s", e->o->classifier->name);
	snprintf(r->hash, sizeof r->hash, "%s", e->o->classifier->hash);
	return SGAN_OK;
}

static sgan_status doubt(struct evaluator *e)
{
	const struct sgan_split *test = &e->o->data->test;
	const struct sgan_classifier *c = e->o->classifier;
	struct sgan_model_info info;
	struct sgan_judge judge = { .tested = test->labels != NULL ? test->count : 0 };
	char own[SGAN_HASH_TEXT];
	SGAN_TRY(sgan_model_describe(e->o->model, &info));
	if (judge.tested > 0) {
		judge.accuracy = share_right(e, &e->held_out);
		SGAN_TRY(sgan_chance(test->count, test->labels, c->classes, &judge.chance));
	}
	sgan_hash_encoder(e->model, own);
	judge.dataset = c->dataset;
	judge.model_dataset = info.dataset;
	judge.own = strcmp(own, c->hash) == 0;
	sgan_evaluation_warn(e->result, &judge);
	return SGAN_OK;
}

static sgan_status evaluate(struct evaluator *e)
{
	SGAN_TRY(sgan_generators_load(e->ctx, e->o->model, e->o->preset, BATCH, &e->model));
	SGAN_TRY(describe(e));
	SGAN_TRY(prepare(e));
	SGAN_TRY(measure_images(e));
	SGAN_TRY(measure_stacks(e));
	return doubt(e);
}

sgan_status sgan_evaluation_fits(sgan_ctx *ctx, const struct sgan_evaluation *evaluation, const char *path,
                                 const struct sgan_preset *preset, bool *fits)
{
	struct sgan_evaluation now = { .step = 0 };
	struct sgan_model *model;
	SGAN_TRY(sgan_generators_load(ctx, path, preset, 1, &model));
	const sgan_status status = identify(path, model, &now);
	sgan_model_destroy(model);
	*fits = now.step == evaluation->step && strcmp(now.stage, evaluation->stage) == 0 &&
	        strcmp(now.generators, evaluation->generators) == 0;
	return status;
}

sgan_status sgan_evaluate(sgan_ctx *ctx, const struct sgan_eval_options *o, struct sgan_evaluation *result)
{
	struct evaluator e = { .ctx = ctx, .o = o, .result = result };
	e.size = o->preset->height * o->preset->width * o->preset->channels; /* the preset's checks bound each */
	if (o->count < SGAN_EVAL_FEWEST)
		return sgan_fail(SGAN_EINVAL, "evaluation: %zu samples, at least %d expected", o->count, (int)SGAN_EVAL_FEWEST);
	SGAN_TRY(sgan_eval_fits(o->preset, o->classifier, o->data));
	sgan_status status = evaluate(&e);
	free_images(&e.samples);
	free_images(&e.held_out);
	free_images(&e.training);
	sgan_model_destroy(e.model);
	return status;
}
