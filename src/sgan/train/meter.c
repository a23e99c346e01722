/* Sums of losses and times, and their means.
 * It must not know which steps are summed, nor who reads the means. */
#include "src/sgan/train/meter.h"

#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"

sgan_status sgan_meter_create(const struct sgan_session *session, struct sgan_meter *meter)
{
	const size_t count = session->loss_count;
	struct sgan_loss *losses = calloc(2 * count + 1, sizeof *losses);
	*meter = (struct sgan_meter){ .loss_count = count, .sums = losses, .means = losses + count };
	if (losses == NULL)
		return sgan_fail(SGAN_ENOMEM, "no memory for the means of %zu losses", count);
	memcpy(meter->sums, session->losses, count * sizeof *losses); /* for their names */
	sgan_meter_clear(meter);
	return SGAN_OK;
}

void sgan_meter_destroy(struct sgan_meter *meter)
{
	free(meter->sums); /* the means lie behind */
	*meter = (struct sgan_meter){ .steps = 0 };
}

void sgan_meter_clear(struct sgan_meter *meter)
{
	meter->steps = meter->images = 0;
	meter->seconds = 0;
	for (size_t i = 0; i < meter->loss_count; i++)
		meter->sums[i].value = 0;
}

void sgan_meter_add(struct sgan_meter *meter, const struct sgan_session *session, double seconds)
{
	for (size_t i = 0; i < meter->loss_count; i++)
		meter->sums[i].value += session->losses[i].value;
	meter->steps++;
	meter->images += session->batch.n;
	meter->seconds += seconds;
}

void sgan_meter_read(struct sgan_meter *meter, struct sgan_progress *progress)
{
	if (meter->steps == 0)
		return;
	for (size_t i = 0; i < meter->loss_count; i++) {
		meter->means[i] = meter->sums[i];
		meter->means[i].value /= (double)meter->steps;
	}
	progress->loss_count = meter->loss_count;
	progress->losses = meter->means;
	if (meter->seconds <= 0)
		return;
	progress->images_per_second = (double)meter->images / meter->seconds;
	progress->seconds_left = (double)(progress->steps - progress->step) * meter->seconds / (double)meter->steps;
}
