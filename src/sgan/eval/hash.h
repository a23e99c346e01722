/* Names of networks: a hash of all that decides what they make. */
#ifndef SGAN_SGAN_EVAL_HASH_H
#define SGAN_SGAN_EVAL_HASH_H

#include "src/sgan/model/model.h"

enum { SGAN_HASH_TEXT = 65 };

/* SHA-256 in hexadecimal, over tensors in the file's order: of each its name, a byte 0, its floats as in the file.
 * Running statistics are tensors, too. Of an encoder: the mean image, where there is one, and all its parts. Of the
 * generators: all of them, as images are drawn (averages of weights, where the model keeps these). */
void sgan_hash_encoder(const struct sgan_model *model, char text[SGAN_HASH_TEXT]);
void sgan_hash_generators(const struct sgan_model *model, char text[SGAN_HASH_TEXT]);

#endif
