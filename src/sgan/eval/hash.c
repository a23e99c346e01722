/* SHA-256 of tensors.
 * It must not know what a hash is compared with. */
#include "src/sgan/eval/hash.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#include "src/sgan/model/checkpoint.h"

static void add_values(struct sha256_ctx *sha, const char *name, size_t count, const real *values)
{
	sha256_update(sha, strlen(name) + 1, (const uint8_t *)name);
	sha256_update(sha, count * sizeof *values, (const uint8_t *)values);
}

static void add_params(struct sha256_ctx *sha, struct sgan_params *params)
{
	for (size_t k = 0; k < sgan_params_count(params); k++) {
		const struct sgan_param *p = sgan_params_at(params, k);
		add_values(sha, p->name, p->count, p->value);
	}
}

static void finish(struct sha256_ctx *sha, char text[SGAN_HASH_TEXT])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	sha256_digest(sha, sizeof digest, digest);
	for (size_t i = 0; i < sizeof digest; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

void sgan_hash_encoder(const struct sgan_model *model, char text[SGAN_HASH_TEXT])
{
	struct sha256_ctx sha;
	sha256_init(&sha);
	if (model->input.mean != NULL)
		add_values(&sha, SGAN_MEAN_TENSOR, model->input.size, model->input.mean);
	for (size_t i = 0; i < model->encoder_count; i++)
		add_params(&sha, model->encoder[i].part.params);
	finish(&sha, text);
}

void sgan_hash_generators(const struct sgan_model *model, char text[SGAN_HASH_TEXT])
{
	struct sha256_ctx sha;
	sha256_init(&sha);
	for (size_t i = 0; i < model->stack_count; i++)
		add_params(&sha, sgan_part_drawn_with(&model->stacks[i].generator));
	finish(&sha, text);
}
