/* The encoder's parts, one after another.
 * It must not know whose images it is shown. */
#include "src/sgan/model/encoding.h"

#include "src/cpu/memory.h"
#include "src/cpu/status.h"

sgan_status sgan_encoding_create(const struct sgan_model *model, size_t parts, struct sgan_encoding *encoding)
{
	*encoding = (struct sgan_encoding){ .model = model, .parts = parts };
	for (size_t i = 0; i < parts; i++)
		SGAN_TRY(sgan_tape_create(model->encoder[i].part.net, false, &encoding->tapes[i]));
	encoding->x = sgan_alloc(model->max_batch, model->input.size * sizeof(real));
	return encoding->x != NULL ? SGAN_OK : SGAN_ENOMEM;
}

void sgan_encoding_free(struct sgan_encoding *encoding)
{
	for (size_t i = 0; i < encoding->parts; i++)
		sgan_tape_destroy(encoding->tapes[i]);
	sgan_free(encoding->x);
	*encoding = (struct sgan_encoding){ .parts = 0 };
}

const real *sgan_encoding_features(const struct sgan_encoding *encoding, size_t i)
{
	return sgan_tape_value(encoding->tapes[i], encoding->model->encoder[i].out);
}

const char *sgan_penultimate_name(const struct sgan_preset *preset)
{
	const struct sgan_net_desc *net = &preset->encoder;
	return net->layers[sgan_net_desc_source(net, net->layer_count - 1, 0)].name;
}

/* In the last part, whose input it is where the encoder is cut right below its last layer. */
static int penultimate_layer(const struct sgan_model *model)
{
	const struct sgan_encoder_part *last = &model->encoder[model->encoder_count - 1];
	return sgan_net_desc_source(sgan_net_desc(last->part.net), (size_t)last->out, 0);
}

size_t sgan_penultimate_size(const struct sgan_model *model)
{
	return sgan_net_size(model->encoder[model->encoder_count - 1].part.net, penultimate_layer(model));
}

const real *sgan_encoding_penultimate(const struct sgan_encoding *encoding)
{
	return sgan_tape_value(encoding->tapes[encoding->parts - 1], penultimate_layer(encoding->model));
}

sgan_status sgan_encoding_run(sgan_ctx *ctx, struct sgan_encoding *encoding, size_t n)
{
	const sgan_batch batch = sgan_whole_batch(n, encoding->model->preset->slices);
	for (size_t i = 0; i < encoding->parts; i++) {
		const struct sgan_encoder_part *e = &encoding->model->encoder[i];
		sgan_tape_input(encoding->tapes[i], e->in, i == 0 ? encoding->x : sgan_encoding_features(encoding, i - 1));
		SGAN_TRY(sgan_net_forward(ctx, e->part.net, e->part.params, encoding->tapes[i], batch, SGAN_INFER));
	}
	return SGAN_OK;
}
