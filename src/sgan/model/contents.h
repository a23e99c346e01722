/* Whether a model file holds what it says: from its header and its preset alone, before any memory is taken for a model. */
#ifndef SGAN_SGAN_MODEL_CONTENTS_H
#define SGAN_SGAN_MODEL_CONTENTS_H

#include "src/io/safetensors.h"
#include "src/sgan/model/checkpoint.h"

/* Every layer of the networks that the state says were trained has as many values in the file as the preset's. SGAN_EFORMAT:
 * the message names the file and the layer. */
sgan_status sgan_contents_check(const struct sgan_safetensors *file, const struct sgan_state *state,
                                const struct sgan_preset *preset);

#endif
