/* Published weights into ours, which are channels last: [kh, kw, in, out], of a deconvolution [kh, kw, out, in], of a
 * dense layer [in, out].
 * It must not know what becomes of the model. */
#include "src/sgan/model/published.h"

#include <stdio.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/io/npz.h"
#include "src/sgan/model/finite.h"

/* One axis of a tensor of ours, and how far apart its neighbours are in the published array. */
struct axis {
	size_t count;
	ptrdiff_t stride;
};

enum { AXES = 6 };

/* A tensor of ours as a walk over the published array, whose shape is known. */
struct layout {
	size_t rank, shape[SGAN_NPY_RANK];
	ptrdiff_t first; /* of the array's values */
	size_t axes;
	struct axis axis[AXES]; /* outermost first */
};

static void add_axis(struct layout *layout, size_t count, size_t stride, int sign)
{
	layout->axis[layout->axes++] = (struct axis){ count, sign * (ptrdiff_t)stride };
	if (sign < 0)
		layout->first += (ptrdiff_t)((count - 1) * stride);
}

/* The values of an image, (h, w, c) here and (c, h, w) there, each `stride` values apart there. */
static void add_image(struct layout *layout, const size_t shape[3], size_t stride)
{
	add_axis(layout, shape[0], shape[1] * stride, 1);
	add_axis(layout, shape[1], stride, 1);
	add_axis(layout, shape[2], shape[0] * shape[1] * stride, 1);
}

static struct layout dense_weight(const size_t in[3], const size_t out[3])
{
	const size_t columns = out[0] * out[1] * out[2];
	struct layout layout = { .rank = 2, .shape = { in[0] * in[1] * in[2], columns } };
	add_image(&layout, in, columns);
	add_image(&layout, out, 1);
	return layout;
}

static struct layout conv_weight(size_t kernel, size_t in, size_t out)
{
	const size_t area = kernel * kernel;
	struct layout layout = { .rank = 4, .shape = { out, in, kernel, kernel } };
	add_axis(&layout, kernel, kernel, 1);
	add_axis(&layout, kernel, 1, 1);
	add_axis(&layout, in, area, 1);
	add_axis(&layout, out, in * area, 1);
	return layout;
}

static struct layout deconv_weight(size_t kernel, size_t in, size_t out)
{
	const size_t area = kernel * kernel;
	struct layout layout = { .rank = 4, .shape = { in, out, kernel, kernel } };
	add_axis(&layout, kernel, kernel, -1);
	add_axis(&layout, kernel, 1, -1);
	add_axis(&layout, out, area, 1);
	add_axis(&layout, in, out * area, 1);
	return layout;
}

/* One value for each that a dense layer makes, or for each channel. */
static struct layout vector(const struct sgan_layer_desc *l, const size_t out[3])
{
	const size_t channels[3] = { 1, 1, l->out };
	struct layout layout = { .rank = 1, .shape = { l->out } };
	add_image(&layout, l->kind == SGAN_LAYER_DENSE ? out : channels, 1);
	return layout;
}

static struct layout weight(const struct sgan_layer_desc *l, const size_t in[3], const size_t out[3])
{
	return l->kind == SGAN_LAYER_DENSE    ? dense_weight(in, out)
	       : l->kind == SGAN_LAYER_DECONV ? deconv_weight(l->kernel, in[2], l->out)
	                                      : conv_weight(l->kernel, in[2], l->out);
}

/* A file on its way into the model. */
struct reading {
	const struct sgan_npz *file;
	struct sgan_model *model;
	size_t next;                             /* array */
	bool done[SGAN_STACKS_MAX][SGAN_LAYERS]; /* of the generators */
};

static void copy(const struct layout *layout, const float *from, struct sgan_param *p)
{
	for (size_t k = 0; k < p->count; k++) {
		size_t left = k;
		ptrdiff_t place = layout->first;
		for (size_t a = layout->axes; a-- > 0; left /= layout->axis[a].count)
			place += (ptrdiff_t)(left % layout->axis[a].count) * layout->axis[a].stride;
		p->value[k] = from[place];
	}
}

static sgan_status check_shape(const struct reading *r, const struct layout *layout, const char *name,
                               const struct sgan_npz_array *array)
{
	char found[96], expected[96];
	if (array->rank == layout->rank && memcmp(array->shape, layout->shape, layout->rank * sizeof layout->shape[0]) == 0)
		return SGAN_OK;
	sgan_npy_shape_text(array->rank, array->shape, found);
	sgan_npy_shape_text(layout->rank, layout->shape, expected);
	return sgan_fail(SGAN_EFORMAT, "%s: arr_%zu has shape %s, %s expected of %s", sgan_npz_path(r->file), r->next,
	                 found, expected, name);
}

static sgan_status check_values(const struct reading *r, const struct sgan_param *p, bool variance)
{
	if (!sgan_all_finite(p->value, p->count))
		return sgan_fail(SGAN_EFORMAT, "%s: arr_%zu, %s, holds values that are not finite", sgan_npz_path(r->file),
		                 r->next, p->name);
	for (size_t k = 0; variance && k < p->count; k++)
		if (p->value[k] < 0)
			return sgan_fail(SGAN_EFORMAT, "%s: arr_%zu, %s, holds a variance below 0", sgan_npz_path(r->file), r->next,
			                 p->name);
	return SGAN_OK;
}

/* The file's next array as the tensor `what` of a layer. */
static sgan_status take_tensor(struct reading *r, struct sgan_part *part, const struct sgan_layer_desc *l,
                               const char *what, const struct layout *layout)
{
	char name[SGAN_PARAM_NAME];
	snprintf(name, sizeof name, "%s.%s.%s", sgan_net_desc(part->net)->name, l->name, what);
	struct sgan_param *p = sgan_params_find(part->params, name);
	if (p == NULL)
		return SGAN_OK; /* of a layer without bias */
	if (r->next >= sgan_npz_count(r->file))
		return sgan_fail(SGAN_EFORMAT, "%s: it holds %zu arrays; arr_%zu, %s, is missing", sgan_npz_path(r->file),
		                 sgan_npz_count(r->file), r->next, name);
	const struct sgan_npz_array *array = sgan_npz_at(r->file, r->next);
	SGAN_TRY(check_shape(r, layout, name, array));
	if (array->values == NULL)
		return sgan_fail(SGAN_EFORMAT, "%s: arr_%zu, %s, is behind more values than are expected of all arrays",
		                 sgan_npz_path(r->file), r->next, name);
	copy(layout, array->values, p);
	SGAN_TRY(check_values(r, p, strcmp(what, "var") == 0));
	r->next++;
	return SGAN_OK;
}

static sgan_status take_layer(struct reading *r, struct sgan_part *part, size_t i)
{
	static const char *const with_bn[] = { "shift", "gain", "mean", "var", NULL };
	static const char *const without[] = { "bias", NULL };
	size_t shapes[SGAN_LAYERS][3];
	const struct sgan_net_desc *desc = sgan_net_desc(part->net);
	const struct sgan_layer_desc *l = &desc->layers[i];
	if (!sgan_layer_is_linear(l->kind))
		return SGAN_OK;
	SGAN_TRY(sgan_net_shapes(desc, shapes));
	const struct layout w = weight(l, shapes[sgan_net_desc_source(desc, i, 0)], shapes[i]), v = vector(l, shapes[i]);
	SGAN_TRY(take_tensor(r, part, l, "weight", &w));
	for (const char *const *what = l->bn ? with_bn : without; *what != NULL; what++)
		SGAN_TRY(take_tensor(r, part, l, *what, &v));
	return SGAN_OK;
}

static sgan_status take_encoder(struct reading *r)
{
	for (size_t i = 0; i < r->model->encoder_count; i++) {
		struct sgan_part *part = &r->model->encoder[i].part;
		for (size_t k = 0; k < sgan_net_desc(part->net)->layer_count; k++)
			SGAN_TRY(take_layer(r, part, k));
		sgan_params_changed(part->params);
	}
	return SGAN_OK;
}

/* A layer of generator i, after all that it reads; the condition is what the generator above makes. */
static sgan_status take_generator(struct reading *r, size_t i, int layer)
{
	const struct sgan_stack *stack = &r->model->stacks[i];
	const struct sgan_net_desc *desc = sgan_net_desc(stack->generator.net);
	if (r->done[i][layer])
		return SGAN_OK;
	r->done[i][layer] = true;
	if (layer == stack->generator_condition && i + 1 < r->model->stack_count)
		SGAN_TRY(take_generator(r, i + 1, r->model->stacks[i + 1].generator_out));
	for (unsigned which = 0; which < 2; which++) {
		const int source = sgan_net_desc_source(desc, (size_t)layer, which);
		if (source >= 0)
			SGAN_TRY(take_generator(r, i, source));
	}
	return take_layer(r, &r->model->stacks[i].generator, (size_t)layer);
}

static sgan_status take_generators(struct reading *r)
{
	SGAN_TRY(take_generator(r, 0, r->model->stacks[0].generator_out));
	for (size_t i = 0; i < r->model->stack_count; i++)
		sgan_params_changed(r->model->stacks[i].generator.params);
	return SGAN_OK;
}

/* Values that a file has of a network: what it learns, and the running mean and variance of each channel. */
static sgan_status add_values(const struct sgan_net_desc *desc, size_t *sum)
{
	size_t shapes[SGAN_LAYERS][3];
	SGAN_TRY(sgan_net_shapes(desc, shapes));
	for (size_t i = 0; i < desc->layer_count; i++)
		*sum += sgan_net_desc_parameters(desc, i, shapes) + (desc->layers[i].bn ? 2 * desc->layers[i].out : 0);
	return SGAN_OK;
}

/* Values that a file has which holds the encoder, or the generators. */
static sgan_status count_values(const struct sgan_preset *preset, bool encoder, size_t *sum)
{
	*sum = 0;
	if (encoder)
		return add_values(&preset->encoder, sum);
	for (size_t i = 0; i < preset->stack_count; i++)
		SGAN_TRY(add_values(&preset->stacks[i].generator, sum));
	return SGAN_OK;
}

static sgan_status read_file(const char *path, struct sgan_model *model, bool encoder)
{
	struct sgan_npz *file;
	size_t most;
	SGAN_TRY(count_values(model->preset, encoder, &most));
	SGAN_TRY(sgan_npz_open(path, most, &file));
	struct reading r = { .file = file, .model = model };
	sgan_status status = encoder ? take_encoder(&r) : take_generators(&r);
	if (status == SGAN_OK && r.next != sgan_npz_count(file))
		status = sgan_fail(SGAN_EFORMAT, "%s: it holds %zu arrays, the %s of preset %s has %zu", path,
		                   sgan_npz_count(file), encoder ? "encoder" : "generator", model->preset->name, r.next);
	sgan_npz_close(file);
	return status;
}

sgan_status sgan_published_encoder(const char *path, struct sgan_model *model)
{
	return read_file(path, model, true);
}

sgan_status sgan_published_generators(const char *path, struct sgan_model *model)
{
	return read_file(path, model, false);
}

/* Values of the generators of an unsettled preset, made one for so many classes. */
static sgan_status count_for_classes(const struct sgan_preset *preset, size_t classes, size_t *count)
{
	struct sgan_preset *settled;
	SGAN_TRY(sgan_preset_parse(preset->name, preset->text, &settled));
	sgan_status status = sgan_preset_settle(&settled, classes);
	if (status == SGAN_OK)
		status = count_values(settled, false, count);
	sgan_preset_free(settled);
	return status;
}

/* By the arrays' shapes; SIZE_MAX where no size_t holds their number. */
static sgan_status count_in_file(const char *path, size_t *count)
{
	struct sgan_npz *file;
	SGAN_TRY(sgan_npz_open(path, 0, &file));
	*count = 0;
	for (size_t i = 0; i < sgan_npz_count(file); i++) {
		const size_t more = sgan_npz_at(file, i)->count;
		*count = more < SIZE_MAX - *count ? *count + more : SIZE_MAX;
	}
	sgan_npz_close(file);
	return SGAN_OK;
}

/* A class is a row more in each layer that reads the label. */
sgan_status sgan_published_classes(const char *path, const struct sgan_preset *preset, size_t *classes)
{
	size_t one = 0, two = 0, found = 0;
	SGAN_TRY(count_for_classes(preset, 1, &one));
	SGAN_TRY(count_for_classes(preset, 2, &two));
	const size_t row = two - one, most = one + row * (SGAN_CLASSES - 1);
	SGAN_TRY(count_in_file(path, &found));
	if (found < one || found > most || (row > 0 && (found - one) % row != 0))
		return sgan_fail(SGAN_EFORMAT,
		                 "%s: it holds %zu values, which is a generator of preset %s for no number of classes", path,
		                 found, preset->name);
	*classes = row == 0 ? 1 : 1 + (found - one) / row;
	return SGAN_OK;
}

sgan_status sgan_published_encoder_fits(sgan_ctx *ctx, const char *path, const struct sgan_preset *preset)
{
	struct sgan_model *model;
	SGAN_TRY(sgan_model_create(ctx, preset, 1, false, &model));
	sgan_status status = sgan_published_encoder(path, model);
	sgan_model_destroy(model);
	return status;
}
