/* The line of progress with many losses: whole where there is room, else cut behind a whole item, and told so. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/progress.h"

enum { MOST = 400, TEXT = 1 << 15 };

static struct sgan_loss losses[MOST];

/* Standard error goes to a file for a while. */
struct listening {
	FILE *file;
	int saved;
};

static struct listening begin_listening(void)
{
	const struct listening l = { tmpfile(), dup(STDERR_FILENO) };
	cr_assert(l.file != NULL && l.saved >= 0);
	cr_assert(dup2(fileno(l.file), STDERR_FILENO) >= 0);
	return l;
}

static void end_listening(struct listening l, char text[TEXT])
{
	fflush(stderr);
	cr_assert(dup2(l.saved, STDERR_FILENO) >= 0);
	close(l.saved);
	rewind(l.file);
	text[fread(text, 1, TEXT - 1, l.file)] = '\0';
	fclose(l.file);
}

/* What is said of an event. */
static void shown(struct cli_progress *progress, const struct sgan_progress *now, char text[TEXT])
{
	const struct listening l = begin_listening();
	cli_progress_show(progress, now);
	end_listening(l, text);
}

/* What is said of images drawn, the last line being so many seconds old. */
static void images_shown(struct cli_progress *progress, size_t done, double age, char text[TEXT])
{
	const struct listening l = begin_listening();
	progress->drawn_at -= age;
	cli_progress_images(progress, done, 400);
	end_listening(l, text);
}

/* A plain line with so many losses. */
static void line_of(size_t count, char text[TEXT])
{
	struct sgan_progress now = { .event = SGAN_EVENT_LOG, .stage = SGAN_STAGE_JOINT, .epoch = 1, .epochs = 2 };
	struct cli_progress progress = { .accuracy = -1 };
	for (size_t i = 0; i < count; i++) {
		snprintf(losses[i].name, sizeof losses[i].name, "loss_g%zu_ent", i);
		losses[i].value = -1.234e-5;
	}
	now.test_accuracy = -1;
	now.loss_count = count;
	now.losses = losses;
	shown(&progress, &now, text);
}

/* How many of the losses, in order, stand behind the colon; what follows them is *rest. */
static size_t losses_in(const char *text, const char **rest)
{
	size_t count = 0;
	*rest = strchr(text, ':');
	cr_assert_not_null(*rest, "no losses in \"%s\"", text);
	for (;; count++) {
		char item[64];
		snprintf(item, sizeof item, "%s g%zu_ent -1.234e-05", count > 0 ? "," : ":", count);
		if (strncmp(*rest, item, strlen(item)) != 0)
			return count;
		*rest += strlen(item);
	}
}

/* Five losses each of 16 stacks, and one more. */
Test(progress, sixteen_stacks_have_room)
{
	static char text[TEXT];
	const char *rest;
	line_of(81, text);
	cr_expect_eq(losses_in(text, &rest), 81);
	cr_expect_str_eq(rest, "\n");
}

Test(progress, a_line_is_cut_behind_a_whole_item)
{
	static char text[TEXT];
	const char *rest;
	line_of(MOST, text);
	const size_t count = losses_in(text, &rest);
	cr_expect(count > 81 && count < MOST, "%zu of %d losses", count, MOST);
	cr_expect_str_eq(rest, ", ...\n");
}

Test(progress, z_shares_of_an_epoch)
{
	static char text[TEXT];
	static const double shares[] = { 0.3, 0.0123 };
	struct cli_progress progress = { .accuracy = -1 };
	const struct sgan_progress now = { .event = SGAN_EVENT_EPOCH,
		                               .stage = SGAN_STAGE_JOINT,
		                               .epoch = 1,
		                               .epochs = 2,
		                               .test_accuracy = -1,
		                               .stack_count = 2,
		                               .z_shares = shares };
	shown(&progress, &now, text);
	cr_expect_not_null(strstr(text, ", z share 0.300 0.012\n"), "%s", text);
}

/* Warnings are shown to whoever asked for no progress as well. */
Test(progress, warnings)
{
	static char text[TEXT];
	struct cli_progress progress = { .quiet = true, .accuracy = -1 };
	struct sgan_progress now = {
		.event = SGAN_EVENT_WARNING, .stage = SGAN_STAGE_INDEPENDENT, .epoch = 3, .warning = "it is late"
	};
	shown(&progress, &now, text);
	cr_expect_str_eq(text, "sgan-cpu: warning: independent, epoch 3: it is late\n");
	now.again = true;
	shown(&progress, &now, text);
	cr_expect_str_eq(text, "sgan-cpu: warning: independent, still in its last epoch, 3: it is late\n");
	now.stage = SGAN_STAGE_ENCODER;
	now.epoch = 0;
	shown(&progress, &now, text);
	cr_expect_str_eq(text, "sgan-cpu: warning: encoder, given: it is late\n");
}

/* Sampling: a plain line every ten seconds, each of a live one often and at the end; not a word where it is quiet. */
Test(progress, images_in_plain_lines)
{
	static char text[TEXT];
	struct cli_progress progress = { .accuracy = -1 };
	images_shown(&progress, 0, 0, text);
	cr_expect_str_eq(text, "");
	images_shown(&progress, 100, 9, text);
	cr_expect_str_eq(text, "");
	progress.begun_at -= 10;
	images_shown(&progress, 100, 1, text);
	cr_expect_str_eq(text, "sample 100 of 400 images, 10 img/s, 0:30 left\n");
	images_shown(&progress, 400, 0, text);
	cr_expect_str_eq(text, "", "a line right behind the last");
	progress.quiet = true;
	images_shown(&progress, 300, 11, text);
	cr_expect_str_eq(text, "");
}

Test(progress, images_on_a_live_line)
{
	static char text[TEXT];
	struct cli_progress progress = { .live = true, .accuracy = -1 };
	images_shown(&progress, 0, 0, text);
	cr_expect_str_eq(text, "");
	images_shown(&progress, 0, 0.2, text);
	cr_expect_str_eq(text, "\rsample 0 of 400 images\x1b[K");
	progress.begun_at -= 40;
	images_shown(&progress, 400, 0, text);
	cr_expect_str_eq(text, "\rsample 400 of 400 images, 10 img/s, 0:00 left\x1b[K");
	const struct listening l = begin_listening();
	cli_progress_tell(&progress, "features");
	cli_progress_end(&progress);
	end_listening(l, text);
	cr_expect_str_eq(text, "\rsample: features\x1b[K\n");
}
