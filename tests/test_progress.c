/* The line of progress with many losses: whole where there is room, else cut behind a whole item, and told so. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/progress.h"

enum { MOST = 400, TEXT = 1 << 15 };

static struct sgan_loss losses[MOST];

/* What a plain line says with so many losses; standard error goes to a file the while. */
static void line_of(size_t count, char text[TEXT])
{
	struct sgan_progress now = { .event = SGAN_EVENT_LOG, .stage = SGAN_STAGE_JOINT, .epoch = 1, .epochs = 2 };
	struct cli_progress progress = { .accuracy = -1 };
	FILE *file = tmpfile();
	const int saved = dup(STDERR_FILENO);
	cr_assert(file != NULL && saved >= 0);
	for (size_t i = 0; i < count; i++) {
		snprintf(losses[i].name, sizeof losses[i].name, "loss_g%zu_ent", i);
		losses[i].value = -1.234e-5;
	}
	now.test_accuracy = -1;
	now.loss_count = count;
	now.losses = losses;
	cr_assert(dup2(fileno(file), STDERR_FILENO) >= 0);
	cli_progress_show(&progress, &now);
	fflush(stderr);
	cr_assert(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	rewind(file);
	text[fread(text, 1, TEXT - 1, file)] = '\0';
	fclose(file);
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
