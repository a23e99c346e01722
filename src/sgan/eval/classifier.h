/* The classifier that samples are judged by: a model file's encoder, best one of its own (a preset without stacks),
 * apart from the encoder that the samples' generators were trained with. Scores of different classifiers do not
 * compare, so each has a name: its preset's, and a hash of its weights. */
#ifndef SGAN_SGAN_EVAL_CLASSIFIER_H
#define SGAN_SGAN_EVAL_CLASSIFIER_H

#include "src/data/dataset.h"
#include "src/sgan/eval/hash.h"

struct sgan_classifier {
	char name[SGAN_NAME];         /* the preset's */
	char hash[SGAN_HASH_TEXT];    /* of the encoder */
	char dataset[SGAN_DATA_NAME]; /* that it was trained on */
	size_t height, width, channels, classes;
	size_t feature_count; /* values of the last hidden layer, which the scores are made from */
	struct sgan_classifier_inside *inside;
};

/* Loads it from a model file. The caller ends it with sgan_classifier_close. SGAN_EIO, SGAN_EFORMAT: not a model, or
 * one whose encoder is not trained to the end; SGAN_EINVAL: one that was trained without labels; the message names the
 * file. */
sgan_status sgan_classifier_open(sgan_ctx *ctx, const char *path, struct sgan_classifier *classifier);
void sgan_classifier_close(struct sgan_classifier *classifier);

/* Features [n, feature_count] and softmax probabilities [n, classes] of images [n, height, width, channels], with
 * running statistics. The same bits for any number of threads. SGAN_EFORMAT: what it gives is not finite. */
sgan_status sgan_classify(const struct sgan_classifier *classifier, size_t n, const uint8_t *images, real *features,
                          real *probabilities);

/* The class with the highest probability, the first of equals. */
uint32_t sgan_most_likely(size_t classes, const real *probabilities);

#endif
