/* See weights_ahead.h. */
#include "src/ops/conv/weights_ahead.h"

#include "src/ops/axis.h"

enum { LINE = 64 / sizeof(real) };

struct conv_ahead_pixels sgan_weights_ahead(const real *first, size_t pixels, size_t channels, size_t begin,
                                            size_t count)
{
	/* half a line more than `count` takes: values rarely begin on one */
	if (count == channels)
		return (struct conv_ahead_pixels){ first, LINE, ceil_div(pixels * channels, LINE), 1, 0, 0 };
	return (struct conv_ahead_pixels){ first + begin, channels, pixels, ceil_div(count + LINE / 2, LINE), 0, 0 };
}

void sgan_weights_ask(struct conv_weights_ahead *ahead, size_t steps, const real *anywhere, struct sgan_walk *walk)
{
	struct conv_ahead_pixels *of = ahead->of + ahead->current;

	walk->ahead = anywhere;
	walk->ahead_step = 0;
	if (ahead->current == CONV_AHEAD_NONE)
		return;
	walk->ahead = of->first + of->line * LINE + of->pixel * of->pitch;
	walk->ahead_step = (ptrdiff_t)of->pitch;
	of->pixel += steps; /* what is fetched beyond the last pixel is wasted */
	if (of->pixel < of->pixels)
		return;
	of->pixel = 0;
	if (++of->line == of->lines)
		ahead->current++;
}
