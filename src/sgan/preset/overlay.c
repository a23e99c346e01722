/* Settings laid over others. Each keeps the origin that it was written at. */
#include "src/cpu/status.h"
#include "src/sgan/preset/tree_internal.h"

void sgan_tree_copy_scalar(config_setting_t *dst, const config_setting_t *src)
{
	switch (config_setting_type(src)) {
	case CONFIG_TYPE_INT:
		config_setting_set_int(dst, config_setting_get_int(src));
		break;
	case CONFIG_TYPE_INT64:
		config_setting_set_int64(dst, config_setting_get_int64(src));
		break;
	case CONFIG_TYPE_FLOAT:
		config_setting_set_float(dst, config_setting_get_float(src));
		break;
	case CONFIG_TYPE_BOOL:
		config_setting_set_bool(dst, config_setting_get_bool(src));
		break;
	case CONFIG_TYPE_STRING:
		config_setting_set_string(dst, config_setting_get_string(src));
		break;
	default:
		break;
	}
}

/* Adds a copy of src to a group (under its name) or list. */
static sgan_status add_copy(config_setting_t *parent, const char *name, const config_setting_t *src)
{
	config_setting_t *dst = config_setting_add(parent, name, config_setting_type(src));
	if (!dst)
		return sgan_tree_fail(src, "'%s' cannot be put here", name ? name : "element");
	sgan_tree_copy_scalar(dst, src);
	SGAN_TRY(sgan_tree_set_origin(dst, sgan_tree_source(src), sgan_tree_line(src)));
	if (!config_setting_is_aggregate(src))
		return SGAN_OK;
	int count = config_setting_length(src);
	for (int i = 0; i < count; i++) {
		const config_setting_t *child = config_setting_get_elem(src, (unsigned)i);
		SGAN_TRY(add_copy(dst, config_setting_name(child), child));
	}
	return SGAN_OK;
}

static sgan_status merge(config_setting_t *dst, const config_setting_t *src);

sgan_status sgan_tree_put(config_setting_t *group, const char *name, const config_setting_t *src)
{
	config_setting_t *old = config_setting_get_member(group, name);
	if (old && config_setting_is_group(old) && config_setting_is_group(src))
		return merge(old, src);
	if (old && config_setting_type(old) == config_setting_type(src) && !config_setting_is_aggregate(src)) {
		sgan_tree_copy_scalar(old, src); /* stays where it is, so that the written preset keeps its order */
		return sgan_tree_set_origin(old, sgan_tree_source(src), sgan_tree_line(src));
	}
	if (old)
		config_setting_remove(group, name);
	return add_copy(group, name, src);
}

static sgan_status merge(config_setting_t *dst, const config_setting_t *src)
{
	int count = config_setting_length(src);
	for (int i = 0; i < count; i++) {
		const config_setting_t *child = config_setting_get_elem(src, (unsigned)i);
		SGAN_TRY(sgan_tree_put(dst, config_setting_name(child), child));
	}
	return SGAN_OK;
}

sgan_status sgan_tree_merge(config_t *dst, const config_t *src)
{
	config_setting_t *root = config_root_setting(dst);
	const config_setting_t *over = config_root_setting(src);
	SGAN_TRY(sgan_tree_set_origin(root, sgan_tree_source(over), 0));
	return merge(root, over);
}
