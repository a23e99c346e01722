/* PNG by libpng's simplified interface, which needs no long jumps and bounds what a chunk may take.
 * It must not know where the bytes come from. */
#include <png.h>
#include <stdlib.h>

#include "src/cpu/status.h"
#include "src/data/picture.h"

static sgan_status decode(const char *name, png_image *image, struct sgan_picture *picture)
{
	static const png_color white = { 255, 255, 255 };
	const bool colour = (image->format & PNG_FORMAT_FLAG_COLOR) != 0;
	*picture = (struct sgan_picture){ image->height, image->width, colour ? 3 : 1, NULL };
	SGAN_TRY(sgan_picture_room(name, picture));
	image->format = colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
	/* A file that ends early is an error to libpng; what it can bear with is a warning. */
	if (png_image_finish_read(image, &white, picture->pixels, 0, NULL) && !PNG_IMAGE_FAILED(*image))
		return SGAN_OK;
	free(picture->pixels);
	return sgan_fail(SGAN_EFORMAT, "%s: cannot decode the PNG: %s", name, image->message);
}

sgan_status sgan_picture_png(const char *name, const struct sgan_bytes *bytes, struct sgan_picture *picture)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	if (!png_image_begin_read_from_memory(&image, bytes->data, bytes->count))
		return sgan_fail(SGAN_EFORMAT, "%s: cannot decode the PNG: %s", name, image.message);
	sgan_status status = decode(name, &image, picture);
	png_image_free(&image);
	return status;
}
