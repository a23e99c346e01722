/* Preset files as trees of libconfig settings, each knowing where it was written.
 *
 * For the preset loader alone. Knows the language and how settings override each
 * other; knows nothing of what the settings mean. */
#ifndef SGAN_SGAN_PRESET_TREE_H
#define SGAN_SGAN_PRESET_TREE_H

#include <libconfig.h>

#include <sgan/sgan.h>

/* Makes an empty tree / ends one. */
void sgan_tree_init(config_t *tree);
void sgan_tree_free(config_t *tree);

/* Parses text into an empty tree. SGAN_EINVAL: "source:line: what is wrong"; `source` is a file, or "--set k=v",
 * which has no lines. */
sgan_status sgan_tree_parse(config_t *tree, const char *source, const char *text, bool lines);

/* Lays the settings of src over those of dst, which is called after src then: groups are joined, all else replaced. */
sgan_status sgan_tree_merge(config_t *dst, const config_t *src);

/* Applies "key=value": key a path ("joint.lr", "stacks.[0].generator.fc.out": parts of a list are named by their
 * numbers, or by what they call themselves), value a libconfig scalar or a bare word. `where` ("--set", "mine.cfg:3:")
 * stands before it in messages. */
sgan_status sgan_tree_set(config_t *tree, const char *where, const char *assignment);

/* Takes out the setting that a path names. */
sgan_status sgan_tree_remove(config_t *tree, const char *where, const char *path);

/* *text (free() it) = the tree in its own language. */
sgan_status sgan_tree_write(const config_t *tree, char **text);

/* Fails with SGAN_EINVAL and "source:line: message" of a setting. */
sgan_status sgan_tree_fail(const config_setting_t *at, const char *format, ...) SGAN_PRINTF(2, 3);

/* The file that a setting was written in (without its folders), and the line (0: none). */
const char *sgan_tree_source(const config_setting_t *at);
unsigned sgan_tree_line(const config_setting_t *at);

#endif
