/* What presets ask of datasets. Knows nothing of files and runs. */
#include "src/sgan/model/requirements.h"

#include <stdio.h>

#include "src/cpu/status.h"

sgan_status sgan_labels_fit(const struct sgan_preset *p, const struct sgan_dataset *d)
{
	if (d->no_labels == NULL || !sgan_preset_reads_labels(p))
		return SGAN_OK;
	return sgan_fail(SGAN_EINVAL, "dataset %s: no labels (%s is missing), which preset %s reads", d->name, d->no_labels,
	                 p->name);
}

sgan_status sgan_images_fit(const struct sgan_preset *p, const struct sgan_dataset *d)
{
	const bool labels = sgan_preset_reads_labels(p);
	char found[32] = "", taken[32] = "";
	SGAN_TRY(sgan_labels_fit(p, d));
	if (d->height == p->height && d->width == p->width && d->channels == p->channels &&
	    (!labels || d->classes == p->classes))
		return SGAN_OK;
	if (labels) {
		snprintf(found, sizeof found, " in %zu classes", d->classes);
		snprintf(taken, sizeof taken, " in %zu", p->classes);
	}
	return sgan_fail(SGAN_EINVAL, "dataset %s: %zux%zux%zu%s, preset %s takes %zux%zux%zu%s", d->name, d->height,
	                 d->width, d->channels, found, p->name, p->height, p->width, p->channels, taken);
}

sgan_status sgan_data_fits(const struct sgan_preset *p, const struct sgan_dataset *d)
{
	SGAN_TRY(sgan_images_fit(p, d));
	for (size_t i = 0; i < sgan_preset_stages(p); i++)
		if (p->stages[i].batch > d->train.count)
			return sgan_fail(SGAN_EINVAL, "stage %s: a batch of %zu does not fit the %zu images of %s",
			                 sgan_stage_name((enum sgan_stage)i), p->stages[i].batch, d->train.count, d->name);
	return SGAN_OK;
}
