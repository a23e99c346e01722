/* What a preset's tree of settings is read by, from the parts to the whole; see preset.h for what is read. */
#ifndef SGAN_SGAN_PRESET_READ_H
#define SGAN_SGAN_PRESET_READ_H

#include "src/sgan/preset/keys.h"
#include "src/sgan/preset/preset.h"

/* Reads a list of layers as the network `name`. With strengths, noise and dropout layers may have others in groups
 * named after stages. */
sgan_status sgan_layers_read(const config_setting_t *list, const char *name, const struct sgan_preset *preset,
                             struct sgan_net_desc *net, sgan_strengths *strengths);

/* The keys of struct sgan_loss_settings, for whoever reads a group that may have them. */
extern const struct sgan_key sgan_loss_keys[];

/* Those of them that the preset's common settings must have, as bits for sgan_keys_require. */
extern const uint64_t sgan_loss_keys_required;

/* Reads the list of stacks, which may be empty or NULL; to be called when the preset's common settings and its stages
 * have been read. */
sgan_status sgan_stacks_read(const config_setting_t *list, struct sgan_preset *preset);

/* Whether a caller's setting, "KEY=VALUE", that is about all stacks would be hidden by each stack's own: SGAN_EINVAL, with
 * a message that begins with `where`. */
sgan_status sgan_stacks_check_setting(const config_setting_t *list, const char *where, const char *setting);

/* Reads all settings of a tree; and checks that what was read fits together. */
sgan_status sgan_preset_read(const config_t *tree, struct sgan_preset *preset);
sgan_status sgan_preset_check(const config_t *tree, const struct sgan_preset *preset);

#endif
