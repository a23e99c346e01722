/* Progress of training: a live line a stage on a terminal, else a plain line an interval. And of sampling.
 *
 * Knows only what it is told. A line is written by one call, so that it never mixes with others. */
#include "src/cli/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 4096, WIDTH = 80 }; /* the losses of 16 stacks have room */
static const double redraw_seconds = 0.1;
static const double plain_seconds = 10; /* of sampling, which has no interval of its own */
static const char left_off[] = ", ..."; /* what a line ends with that lacks something */
static const char sampling[] = "sample";

struct line {
	char text[LINE_BYTES];
	size_t length;
	bool full; /* it ends with left_off */
};

/* An item, whole; left_off in place of the first that has no room, and nothing behind it. */
static void add(struct line *line, const char *format, ...) SGAN_PRINTF(2, 3);
static void add(struct line *line, const char *format, ...)
{
	const size_t room = sizeof line->text - sizeof left_off - line->length;
	va_list args;
	if (line->full)
		return;
	va_start(args, format);
	int added = vsnprintf(line->text + line->length, room, format, args);
	va_end(args);
	line->full = added < 0 || (size_t)added >= room;
	if (line->full)
		memcpy(line->text + line->length, left_off, sizeof left_off);
	line->length += line->full ? sizeof left_off - 1 : (size_t)added;
}

static double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static size_t terminal_width(void)
{
	struct winsize size;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return WIDTH;
}

void cli_progress_begin(struct cli_progress *progress, bool quiet)
{
	const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	bool able = term && *term && strcmp(term, "dumb") != 0;
	*progress = (struct cli_progress){ .quiet = quiet, .accuracy = -1 };
	progress->live = !quiet && able && isatty(STDERR_FILENO);
	progress->colour = progress->live && !(no_colour && *no_colour);
}

static void add_time(struct line *line, double seconds)
{
	unsigned long left = seconds > 0 && seconds < 1e9 ? (unsigned long)(seconds + 0.5) : 0;
	if (left >= 3600)
		add(line, ", %lu:%02lu:%02lu left", left / 3600, left / 60 % 60, left % 60);
	else
		add(line, ", %lu:%02lu left", left / 60, left % 60);
}

static bool ends_in(const char *text, const char *suffix)
{
	size_t length = strlen(text), tail = strlen(suffix);
	return length > tail && strcmp(text + length - tail, suffix) == 0;
}

/* Those that a generator is trained by: how it stands with its discriminator, and with its condition. */
static bool is_first(const struct sgan_loss *loss)
{
	return ends_in(loss->name, "_adv") || ends_in(loss->name, "_cond");
}

static void add_losses(struct line *line, const struct sgan_progress *now)
{
	const char *separator = ":";
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < now->loss_count; i++) {
			const struct sgan_loss *loss = &now->losses[i];
			if (is_first(loss) != (pass == 0))
				continue;
			const char *name = strncmp(loss->name, "loss_", 5) == 0 ? loss->name + 5 : loss->name;
			add(line, "%s %s %.4g", separator, name, loss->value);
			separator = ",";
		}
}

/* Its length up to the last item that is whole within `room` characters. */
static size_t whole_items(const struct line *line, size_t room)
{
	if (line->length <= room)
		return line->length;
	while (room > 0 && strncmp(line->text + room, ", ", 2) != 0 && strncmp(line->text + room, ": ", 2) != 0)
		room--;
	return room;
}

/* Epoch and step first, what a narrow terminal leaves off last. */
static void describe(struct line *line, const struct sgan_progress *now, double accuracy)
{
	if (now->epochs > 0)
		add(line, " epoch %zu/%zu step %zu/%zu", now->epoch, now->epochs, now->step, now->steps);
	else
		add(line, " given"); /* an encoder that is not trained */
	if (now->images_per_second > 0) {
		add(line, ", %.0f img/s", now->images_per_second);
		add_time(line, now->seconds_left);
	}
	if (accuracy >= 0)
		add(line, ", test accuracy %.2f %%", 100 * accuracy);
	for (size_t i = 0; i < now->stack_count; i++)
		add(line, i == 0 ? ", z share %.3f" : " %.3f", now->z_shares[i]);
	add_losses(line, now);
}

/* The live line: a name, and as many items of the text as the terminal's width holds. */
static void draw_live(struct cli_progress *progress, const char *title, const struct line *text)
{
	struct line line = { .length = 0 };
	size_t name = strlen(title), width = terminal_width() - 1; /* the last column would wrap */
	const size_t most = sizeof line.text - 64;                 /* beside colours and left_off */
	if (width > most)
		width = most;
	if (name > width)
		name = width;
	add(&line, progress->colour ? "\r\x1b[1;36m%.*s\x1b[0m" : "\r%.*s", (int)name, title);
	add(&line, "%.*s\x1b[K", (int)whole_items(text, width - name), text->text);
	fwrite(line.text, 1, line.length, stderr);
	progress->drawn = true;
	progress->drawn_at = seconds_now();
}

static void draw(struct cli_progress *progress, const struct sgan_progress *now)
{
	struct line text = { .length = 0 };
	describe(&text, now, progress->accuracy);
	draw_live(progress, sgan_stage_name(now->stage), &text);
}

/* Whether the last line is so many seconds old. */
static bool is_due(const struct cli_progress *progress, double seconds)
{
	return seconds_now() - progress->drawn_at >= seconds;
}

static void show_live(struct cli_progress *progress, const struct sgan_progress *now)
{
	switch (now->event) {
	case SGAN_EVENT_STEP:
		if (!progress->drawn || is_due(progress, redraw_seconds))
			draw(progress, now);
		break;
	case SGAN_EVENT_LOG:
	case SGAN_EVENT_EPOCH:
		draw(progress, now);
		break;
	case SGAN_EVENT_STAGE:
	case SGAN_EVENT_DONE:
	case SGAN_EVENT_WARNING:
		cli_progress_end(progress);
		break;
	}
}

static void write_plain(struct line *line)
{
	line->text[line->length++] = '\n';
	fwrite(line->text, 1, line->length, stderr);
}

static void show_plain(const struct sgan_progress *now)
{
	if (now->event != SGAN_EVENT_LOG && now->event != SGAN_EVENT_EPOCH)
		return;
	struct line line = { .length = 0 };
	add(&line, "%s", sgan_stage_name(now->stage));
	describe(&line, now, now->test_accuracy);
	write_plain(&line);
}

static void show_warning(const struct sgan_progress *now)
{
	struct line line = { .length = 0 };
	const char *stage = sgan_stage_name(now->stage);
	if (now->epoch == 0) /* an encoder that is not trained */
		add(&line, "sgan-cpu: warning: %s, given: %s\n", stage, now->warning);
	else
		add(&line, "sgan-cpu: warning: %s, %s %zu: %s\n", stage, now->again ? "still in its last epoch," : "epoch",
		    now->epoch, now->warning);
	fwrite(line.text, 1, line.length, stderr);
}

void cli_progress_show(void *arg, const struct sgan_progress *now)
{
	struct cli_progress *progress = arg;
	if (progress->quiet && now->event != SGAN_EVENT_WARNING)
		return;
	if (now->event == SGAN_EVENT_STAGE)
		progress->accuracy = -1;
	if (now->event == SGAN_EVENT_EPOCH)
		progress->accuracy = now->test_accuracy;
	if (progress->live)
		show_live(progress, now);
	else
		show_plain(now);
	if (now->event == SGAN_EVENT_WARNING)
		show_warning(now);
}

static void describe_images(struct line *line, size_t done, size_t total, double seconds)
{
	add(line, " %zu of %zu images", done, total);
	if (done == 0 || seconds <= 0)
		return;
	const double rate = (double)done / seconds;
	add(line, ", %.0f img/s", rate);
	add_time(line, (double)(total - done) / rate);
}

void cli_progress_images(struct cli_progress *progress, size_t done, size_t total)
{
	struct line line = { .length = 0 };
	const double now = seconds_now();
	if (progress->begun_at == 0)
		progress->begun_at = progress->drawn_at = now;
	const bool due =
		progress->live ? done == total || is_due(progress, redraw_seconds) : is_due(progress, plain_seconds);
	if (progress->quiet || !due)
		return;
	if (!progress->live)
		add(&line, "%s", sampling);
	describe_images(&line, done, total, now - progress->begun_at);
	if (progress->live)
		draw_live(progress, sampling, &line);
	else
		write_plain(&line);
	progress->drawn_at = now;
}

void cli_progress_tell(struct cli_progress *progress, const char *what)
{
	struct line text = { .length = 0 };
	add(&text, ": %s", what);
	if (progress->live)
		draw_live(progress, sampling, &text);
}

void cli_progress_end(struct cli_progress *progress)
{
	if (progress->drawn)
		fputc('\n', stderr);
	progress->drawn = false;
}
