/* What tree.c, overlay.c and assign.c share. */
#ifndef SGAN_SGAN_PRESET_TREE_INTERNAL_H
#define SGAN_SGAN_PRESET_TREE_INTERNAL_H

#include "src/sgan/preset/tree.h"

enum { SGAN_TREE_DEPTH = 12 }; /* of settings in settings */

/* Of a value that stands alone, on the command line or in `set`. */
extern const char sgan_tree_not_a_value[];

/* Says where a setting was written; line 0: nowhere in particular. SGAN_ENOMEM, also where libconfig had no memory for its
 * name or text. */
sgan_status sgan_tree_set_origin(config_setting_t *setting, const char *source, unsigned line);

/* Gives dst, a scalar of the same type, the value of src. */
void sgan_tree_copy_scalar(config_setting_t *dst, const config_setting_t *src);

/* Gives a group's member `name` the value and the origin of src; groups are joined. SGAN_EINVAL, SGAN_ENOMEM. */
sgan_status sgan_tree_put(config_setting_t *group, const char *name, const config_setting_t *src);

#endif
