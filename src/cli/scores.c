/* Scores in rows.
 *
 * Texts may be those of a file that anyone wrote. */
#include "src/cli/scores.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/cli/cli.h"

enum { CELL = 24, HASH_SHOWN = 12, STATE = 64 };

/* "1.234", "1.234 +- 0.056", or "-". */
static void write_cell(double value, double std, char cell[CELL + 8])
{
	if (!isfinite(value))
		snprintf(cell, CELL + 8, "-");
	else if (!isfinite(std))
		snprintf(cell, CELL + 8, "%.4g", value);
	else
		snprintf(cell, CELL + 8, "%.4g +- %.2g", value, std);
}

static void print_score(const struct sgan_score *score)
{
	char name[sizeof score->name], samples[CELL + 8], held_out[CELL + 8];
	snprintf(name, sizeof name, "%s", score->name);
	for (char *c = name; *c != '\0'; c++)
		*c = *c == '_' ? ' ' : *c;
	write_cell(score->samples, score->samples_std, samples);
	write_cell(score->held_out, score->held_out_std, held_out);
	cli_line("  %-20s %*s %*s", name, CELL, samples, CELL, held_out);
}

static void write_state(const struct sgan_evaluation *e, char text[STATE])
{
	if (strcmp(e->stage, "done") == 0)
		snprintf(text, STATE, "behind its last stage");
	else
		snprintf(text, STATE, "at step %" PRIu64 " of stage %s", e->step, e->stage);
}

void cli_scores_other(const char *path, const struct sgan_evaluation *e)
{
	char stands[STATE];
	write_state(e, stands);
	cli_line("evaluated  not as it is now: the scores in %s are of %s %s, generators %.*s", path, e->model, stands,
	         HASH_SHOWN, e->generators);
}

void cli_scores_print(const struct sgan_evaluation *e)
{
	char stands[STATE];
	write_state(e, stands);
	cli_line("evaluated  %s %s, samples of seed %" PRIu64, e->preset, stands, e->seed);
	cli_line("model      %s, generators %.*s", e->model, HASH_SHOWN, e->generators);
	cli_line("against    %s: %zu training images", e->dataset, e->training);
	cli_line("judge      %s %.*s, whose scores compare with no other classifier's", e->classifier, HASH_SHOWN, e->hash);
	cli_line("  %-20s %*zu samples %*zu held-out images", "", CELL - 8, e->samples, CELL - 16, e->held_out);
	for (size_t i = 0; i < e->score_count; i++)
		print_score(&e->scores[i]);
	for (size_t i = 0; i < e->warning_count; i++)
		cli_line("warning    %s", e->warnings[i]);
}
