/* JPEG by libjpeg. What it only warns of (a file that ends early, damaged data) is an error here: grey areas in place of
 * what is missing must not become training images.
 * It must not know where the bytes come from. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include "src/cpu/status.h"
#include "src/data/picture.h"

enum { LARGEST_SCANS = 100 }; /* of a progressive image; a decoder's time grows with them, real files have some ten */

struct decoder {
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr errors;
	struct jpeg_progress_mgr progress;
	jmp_buf failed; /* libjpeg must not be returned to */
	char message[JMSG_LENGTH_MAX];
	struct sgan_picture picture;
};

static void fail(j_common_ptr jpeg)
{
	struct decoder *decoder = jpeg->client_data;
	jpeg->err->format_message(jpeg, decoder->message);
	longjmp(decoder->failed, 1);
}

static void take_message(j_common_ptr jpeg, int level)
{
	if (level < 0) /* a warning; others are traces */
		fail(jpeg);
}

static void count_scans(j_common_ptr jpeg)
{
	struct decoder *decoder = jpeg->client_data;
	if (decoder->jpeg.input_scan_number <= LARGEST_SCANS)
		return;
	snprintf(decoder->message, sizeof decoder->message, "more than %d scans", LARGEST_SCANS);
	longjmp(decoder->failed, 1);
}

static void begin(struct decoder *decoder, const struct sgan_bytes *bytes)
{
	jpeg_create_decompress(&decoder->jpeg);
	decoder->jpeg.progress = &decoder->progress;
	decoder->progress.progress_monitor = count_scans;
	jpeg_mem_src(&decoder->jpeg, bytes->data, (unsigned long)bytes->count);
	jpeg_read_header(&decoder->jpeg, TRUE);
	const bool colour = decoder->jpeg.num_components != 1;
	decoder->jpeg.out_color_space = colour ? JCS_RGB : JCS_GRAYSCALE; /* what cannot be made either, CMYK, fails */
	decoder->jpeg.dct_method = JDCT_ISLOW;
	decoder->picture =
		(struct sgan_picture){ decoder->jpeg.image_height, decoder->jpeg.image_width, colour ? 3 : 1, NULL };
}

static void read_rows(struct decoder *decoder)
{
	struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
	const size_t row = decoder->picture.width * decoder->picture.channels;
	jpeg_start_decompress(jpeg);
	while (jpeg->output_scanline < jpeg->output_height) {
		JSAMPROW to = decoder->picture.pixels + jpeg->output_scanline * row;
		jpeg_read_scanlines(jpeg, &to, 1);
	}
	jpeg_finish_decompress(jpeg);
}

/* What may jump is called from here, and no variable of this function changes in between. */
static sgan_status decode(const char *name, struct decoder *decoder, const struct sgan_bytes *bytes)
{
	if (setjmp(decoder->failed)) {
		free(decoder->picture.pixels);
		decoder->picture.pixels = NULL;
		return sgan_fail(SGAN_EFORMAT, "%s: cannot decode the JPEG: %s", name, decoder->message);
	}
	begin(decoder, bytes);
	SGAN_TRY(sgan_picture_room(name, &decoder->picture));
	read_rows(decoder);
	return SGAN_OK;
}

sgan_status sgan_picture_jpeg(const char *name, const struct sgan_bytes *bytes, struct sgan_picture *picture)
{
	struct decoder *decoder = calloc(1, sizeof *decoder);
	if (!decoder)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory to decode it", name);
	decoder->jpeg.err = jpeg_std_error(&decoder->errors);
	decoder->errors.error_exit = fail;
	decoder->errors.emit_message = take_message;
	decoder->jpeg.client_data = decoder;
	sgan_status status = decode(name, decoder, bytes);
	jpeg_destroy_decompress(&decoder->jpeg);
	if (status == SGAN_OK)
		*picture = decoder->picture;
	free(decoder);
	return status;
}
