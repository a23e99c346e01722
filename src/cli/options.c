/* Options and error lines, the same way for every subcommand.
 *
 * Knows no option by name but --help. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/cli.h"
#include "src/cpu/status.h"

enum { LINE_BYTES = 8192, THREADS_MAX = 1024 };

int cli_error(int code, const char *format, ...)
{
	char line[LINE_BYTES] = "sgan-cpu: ";
	size_t prefix = strlen(line);
	va_list args;
	va_start(args, format);
	vsnprintf(line + prefix, sizeof line - prefix - 1, format, args);
	va_end(args);
	for (char *c = line; *c; c++) /* file names may hold anything; the line stays one line */
		if (iscntrl((unsigned char)*c))
			*c = '?';
	strcat(line, "\n");
	fputs(line, stderr);
	return code;
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
	int option = getopt_long(argc, argv, "+:", options, NULL);
	if (option == '?')
		return bad_option(argv[0], argument, options);
	if (option == ':')
		return cli_error(CLI_BAD, "%s: option %s needs a value", argv[0], argv[optind - 1]);
	if (option == -1 && optind < argc)
		return cli_error(CLI_BAD, "%s: unexpected argument '%.200s'", argv[0], argv[optind]);
	return option;
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

bool cli_threads(const char *text, struct cli_machine *machine)
{
	return cli_number("--threads", text, 1, THREADS_MAX, &machine->threads);
}

static sgan_status check_isa(const char *name)
{
	sgan_isa isa;
	sgan_status status = sgan_isa_parse(name, &isa);
	if (status != SGAN_OK)
		return sgan_fail_in(status, "--isa");
	if (!sgan_isa_built(isa))
		return sgan_fail(SGAN_EUNSUPPORTED, "--isa %s: this build has no such kernels; the best it has here is %s",
		                 name, sgan_isa_name(sgan_isa_best()));
	if (!sgan_isa_usable(isa))
		return sgan_fail(SGAN_EUNSUPPORTED, "--isa %s: this machine cannot run it; the best it can is %s", name,
		                 sgan_isa_name(sgan_isa_best()));
	return SGAN_OK;
}

sgan_status cli_context(const struct cli_machine *machine, sgan_ctx **ctx)
{
	if (machine->isa)
		SGAN_TRY(check_isa(machine->isa));
	return sgan_ctx_create(&(sgan_ctx_options){ .isa = machine->isa, .threads = (int)machine->threads }, ctx);
}

int cli_finish(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	if (cli_stop == SIGPIPE)
		return code == CLI_DONE ? CLI_SIGNAL + SIGPIPE : code;
	return code != CLI_DONE ? code : cli_error(CLI_FAILED, "cannot write to standard output: %s", strerror(errno));
}
