/* Memory for an image, as far as its header is believed.
 * It must not know how it is decoded. */
#include <stdlib.h>

#include "src/cpu/status.h"
#include "src/data/found.h"
#include "src/data/picture.h"

sgan_status sgan_picture_room(const char *name, struct sgan_picture *picture)
{
	if (picture->height < 1 || picture->width < 1 || picture->height > SGAN_DATA_SIDE ||
	    picture->width > SGAN_DATA_SIDE)
		return sgan_fail(SGAN_EFORMAT, "%s: an image of %zux%zu, 1x1 to %dx%d expected", name, picture->height,
		                 picture->width, SGAN_DATA_SIDE, SGAN_DATA_SIDE);
	picture->pixels = malloc(picture->height * picture->width * picture->channels);
	if (!picture->pixels)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for an image of %zux%zu", name, picture->height, picture->width);
	return SGAN_OK;
}
