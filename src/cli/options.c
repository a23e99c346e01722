/* Options and error lines, the same way for every subcommand.
 *
 * Knows no option by name but those that all take. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/cli.h"
#include "src/exec/ctx.h"
#include "src/cpu/status.h"
#include "src/machine/placement.h"

enum { LINE_BYTES = 8192 };

/* Keeps a line one line, and terminals from obeying it: no control character, neither ASCII's nor those of UTF-8 that
 * begin with C2. */
static void make_plain(char *line)
{
	for (unsigned char *c = (unsigned char *)line; *c; c++) {
		bool pair = c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0;
		if (pair)
			*c++ = '?';
		if (pair || iscntrl(*c))
			*c = '?';
	}
}

static bool muted; /* the program's own, as its standard error is */

void cli_mute(bool mute)
{
	muted = mute;
}

int cli_error(int code, const char *format, ...)
{
	char line[LINE_BYTES] = "sgan-cpu: ";
	size_t prefix = strlen(line);
	va_list args;
	va_start(args, format);
	vsnprintf(line + prefix, sizeof line - prefix - 1, format, args);
	va_end(args);
	make_plain(line);
	strcat(line, "\n");
	if (!muted)
		fputs(line, stderr);
	return code;
}

void cli_line(const char *format, ...)
{
	char line[LINE_BYTES];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	make_plain(line);
	puts(line);
}

int cli_status(sgan_status status)
{
	switch (status) {
	case SGAN_OK:
		return CLI_DONE;
	case SGAN_EINVAL:
		return cli_error(CLI_USAGE, "%s", sgan_last_error());
	case SGAN_EDIVERGED:
		return cli_error(CLI_DIVERGED, "%s", sgan_last_error());
	case SGAN_EINTERRUPTED:
		return cli_error(CLI_SIGNAL + (cli_stop ? (int)cli_stop : SIGINT), "%s", sgan_last_error());
	default:
		return cli_error(CLI_FAILED, "%s", sgan_last_error());
	}
}

static int bad_option(const char *command, const char *argument, const struct option *options)
{
	for (const struct option *o = options; o->name; o++)
		if (o->val == optopt)
			return cli_error(CLI_BAD, "%s: option --%s takes no value", command, o->name);
	if (optopt)
		return cli_error(CLI_BAD, "%s: unknown option '-%c'", command, optopt);
	size_t length = strcspn(argument, "="), matches = 0;
	for (const struct option *o = options; o->name; o++)
		matches += length > 2 && strncmp(o->name, argument + 2, length - 2) == 0;
	return cli_error(CLI_BAD, "%s: %s option '%.*s'", command, matches > 1 ? "ambiguous" : "unknown",
	                 length < 200 ? (int)length : 200, argument);
}

int cli_option(int argc, char **argv, const struct option *options)
{
	opterr = 0;
	const char *argument = argv[optind < argc ? optind : 0];
	int place = 0, option = getopt_long(argc, argv, "+:h", options, &place);
	if (option == 'h')
		return CLI_HELP;
	if (option == '?')
		return bad_option(argv[0], argument, options);
	if (option == ':')
		return cli_error(CLI_BAD, "%s: option %s needs a value", argv[0], argv[optind - 1]);
	if (option == -1 && optind < argc)
		return cli_error(CLI_BAD, "%s: unexpected argument '%.200s'", argv[0], argv[optind]);
	if (option != -1 && optarg && !*optarg)
		return cli_error(CLI_BAD, "%s: --%s is '', expected a value", argv[0], options[place].name);
	return option;
}

const char *cli_operand(int argc, char **argv)
{
	return optind < argc && argv[optind][0] != '-' ? argv[optind++] : NULL;
}

bool cli_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	char *end = NULL;
	errno = 0;
	unsigned long long number = isdigit((unsigned char)text[0]) ? strtoull(text, &end, 10) : 0;
	if (end && *end == '\0' && errno == 0 && number >= min && number <= max) {
		*value = number;
		return true;
	}
	cli_error(CLI_USAGE, "%s is '%.80s', expected a whole number from %llu to %llu", option, text,
	          (unsigned long long)min, (unsigned long long)max);
	return false;
}

bool cli_seed(const char *text, uint64_t *seed)
{
	return cli_number("--seed", text, 0, INT64_MAX, seed);
}

static bool take_bind(struct cli_machine *machine)
{
	for (int i = 0; i < SGAN_BIND_COUNT; i++)
		if (strcmp(optarg, sgan_bind_names[i]) == 0) {
			machine->bind = (enum sgan_bind)i;
			return machine->bind_given = true;
		}
	cli_error(CLI_USAGE, "--bind is '%.80s', expected node, core or none", optarg);
	return false;
}

bool cli_machine_option(int option, struct cli_machine *machine)
{
	if (option == CLI_THREADS)
		return cli_number("--threads", optarg, 1, SGAN_THREADS_MAX, &machine->threads);
	if (option == CLI_BIND)
		return take_bind(machine);
	if (option == CLI_ISA)
		machine->isa = optarg;
	return option == CLI_ISA;
}

/* Places for a context; without --bind, hwloc's failures leave it without. */
static sgan_status find_places(const struct cli_machine *machine, int threads, struct sgan_placement *placement)
{
	const sgan_status status = sgan_placement_here((size_t)threads, machine->bind, placement);
	if (status == SGAN_OK || machine->bind_given)
		return status;
	*placement = (struct sgan_placement){ .nodes = 1, .groups = 1 };
	return SGAN_OK;
}

/* How many threads: what was asked for, or of the CPUs that there are this process's part. */
static sgan_status find_threads(const struct cli_machine *machine, int *threads)
{
	SGAN_TRY(sgan_threads_wanted((int)machine->threads, threads));
	if (machine->threads == 0 && machine->sharers > 1 && !getenv("OMP_NUM_THREADS"))
		*threads = (size_t)*threads > machine->sharers ? *threads / (int)machine->sharers : 1;
	return SGAN_OK;
}

static void describe_places(const sgan_ctx *ctx, const char *bound, struct cli_places *places)
{
	*places = (struct cli_places){ .nodes = ctx->places->nodes, .groups = ctx->places->groups, .bound = bound };
}

sgan_status cli_context_placed(const struct cli_machine *machine, sgan_ctx **ctx, struct cli_places *places)
{
	sgan_isa isa;
	int wanted;
	struct sgan_placement placement;
	sgan_status status = machine->isa ? sgan_isa_named(machine->isa, &isa) : SGAN_OK;
	if (status != SGAN_OK)
		return sgan_fail_in(status, "--isa");
	SGAN_TRY(find_threads(machine, &wanted));
	SGAN_TRY(find_places(machine, wanted, &placement));
	const char *bound = placement.place && placement.place->cpu_count > 0 ? sgan_bind_names[machine->bind] : "";
	status =
		sgan_ctx_create(&(sgan_ctx_options){ .isa = machine->isa, .threads = wanted, .places = placement.place }, ctx);
	sgan_placement_free(&placement);
	SGAN_TRY(status);
	if (places)
		describe_places(*ctx, bound, places);
	const int threads = sgan_ctx_threads(*ctx), missing = sgan_ctx_threads_missing(*ctx);
	if (missing > 0)
		fprintf(stderr, "sgan-cpu: warning: %d of %d threads could be started: a limit of processes or of memory\n",
		        threads, threads + missing);
	return SGAN_OK;
}

sgan_status cli_context(const struct cli_machine *machine, sgan_ctx **ctx)
{
	return cli_context_placed(machine, ctx, NULL);
}

int cli_finish(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	if (cli_stop == SIGPIPE)
		return code == CLI_DONE ? CLI_SIGNAL + SIGPIPE : code;
	return code != CLI_DONE ? code : cli_error(CLI_FAILED, "cannot write to standard output: %s", strerror(errno));
}
