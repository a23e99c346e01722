/* What presets ask of datasets. Knows nothing of files and runs. */
#include "src/sgan/model/requirements.h"

#include "src/cpu/status.h"

sgan_status sgan_images_fit(const struct sgan_preset *p, const struct sgan_dataset *d)
{
	if (d->height != p->height || d->width != p->width || d->channels != p->channels || d->classes != p->classes)
		return sgan_fail(SGAN_EINVAL, "dataset %s: %zux%zux%zu in %zu classes, preset %s takes %zux%zux%zu in %zu",
		                 d->name, d->height, d->width, d->channels, d->classes, p->name, p->height, p->width,
		                 p->channels, p->classes);
	return SGAN_OK;
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
