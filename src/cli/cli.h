/* What the subcommands share: exit codes, options, error lines, signals. */
#ifndef SGAN_CLI_CLI_H
#define SGAN_CLI_CLI_H

#include <getopt.h>
#include <signal.h>

#include <sgan/sgan.h>

/* 128 + the signal's number after a graceful stop. */
enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_DIVERGED = 3, CLI_SIGNAL = 128 };

/* Subcommands: argv[0] is the subcommand's name; the exit code is returned. */
int cli_train(int argc, char **argv);
int cli_sample(int argc, char **argv);
int cli_info(int argc, char **argv);
int cli_selftest(int argc, char **argv);

/* Prints "sgan-cpu: message" as one line to stderr and returns code. */
int cli_error(int code, const char *format, ...) SGAN_PRINTF(2, 3);

/* The same with sgan_last_error(); the exit code is the status's. */
int cli_status(sgan_status status);

/* Values of long options begin here, so that getopt's optopt tells them from characters. */
enum { CLI_HELP = 256, CLI_FIRST_OPTION };

/* A subcommand's next option; CLI_END after the last; CLI_BAD after an error line, also for what is no option. */
enum { CLI_END = -1, CLI_BAD = -2 };
int cli_option(int argc, char **argv, const struct option *options);

/* Strict numbers: decimal digits alone, from min to max. False after an error line that names the option. */
bool cli_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *value);

/* Makes the context that --isa and --threads ask for. */
struct cli_machine {
	const char *isa; /* NULL: not given */
	uint64_t threads;
};
sgan_status cli_context(const struct cli_machine *machine, sgan_ctx **ctx);
bool cli_threads(const char *text, struct cli_machine *machine);

/* The signal that asked for an end (0: none) once signals are caught: SIGINT, SIGTERM, or SIGPIPE. A second one ends
 * the program at once. Other subcommands than train have nothing to save and end as signals have it. */
extern volatile sig_atomic_t cli_stop;
void cli_catch_signals(void);

/* Flushes stdout. The exit code is `code`, or CLI_FAILED after an error line when what was printed did not arrive. */
int cli_finish(int code);

#endif
