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
	uint64_t *counts = calloc(count + 1, sizeof *counts);
	*meter = (struct sgan_meter){ .loss_count = count, .sums = losses, .means = losses + count, .counts = counts };
	if (losses == NULL || counts == NULL) {
		sgan_meter_destroy(meter);
		return sgan_fail(SGAN_ENOMEM, "no memory for the means of %zu losses", count);
	}
	memcpy(meter->sums, session->losses, count * sizeof *losses); /* for their names */
	sgan_meter_clear(meter);
	return SGAN_OK;
}

void sgan_meter_destroy(struct sgan_meter *meter)
{
	free(meter->sums); /* the means lie behind */
	free(meter->counts);
	*meter = (struct sgan_meter){ .steps = 0 };
}

void sgan_meter_clear(struct sgan_meter *meter)
{
	meter->steps = meter->images = 0;
	meter->seconds = 0;
	for (size_t i = 0; i < meter->loss_count; i++) {
		meter->sums[i].value = 0;
		meter->counts[i] = 0;
	}
}

void sgan_meter_add(struct sgan_meter *meter, const struct sgan_session *session, double seconds)
{
	for (size_t i = 0; i < meter->loss_count; i++)
		if (session->taken[i]) {
			meter->sums[i].value += session->losses[i].value;
			meter->counts[i]++;
		}
	meter->steps++;
	meter->images += session->batch.n;
	meter->seconds += seconds;
}

static void read_rates(const struct sgan_meter *meter, struct sgan_progress *progress)
{
	if (meter->seconds <= 0)
		return;
	progress->images_per_second = (double)meter->images / meter->seconds;
	progress->seconds_left = (double)(progress->steps - progress->step) * meter->seconds / (double)meter->steps;
}

void sgan_meter_read(struct sgan_meter *meter, struct sgan_progress *progress)
{
	progress->loss_count = 0;
	progress->losses = meter->means;
	for (size_t i = 0; i < meter->loss_count; i++)
		if (meter->counts[i] > 0) {
			struct sgan_loss *mean = &meter->means[progress->loss_count++];
			*mean = meter->sums[i];
			mean->value /= (double)meter->counts[i];
		}
	read_rates(meter, progress);
}

void sgan_meter_read_last(struct sgan_meter *meter, const struct sgan_session *session, struct sgan_progress *progress)
{
	progress->loss_count = 0;
	progress->losses = meter->means;
	for (size_t i = 0; i < session->loss_count; i++)
		if (session->taken[i])
			meter->means[progress->loss_count++] = session->losses[i];
	read_rates(meter, progress);
}
