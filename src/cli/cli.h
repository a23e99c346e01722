/* What the subcommands share: exit codes, options, error lines, signals. */
#ifndef SGAN_CLI_CLI_H
#define SGAN_CLI_CLI_H

#include <getopt.h>
#include <signal.h>

#include <sgan/sgan.h>

#include "src/machine/placement.h"

/* 128 + the signal's number after a graceful stop. */
enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_DIVERGED = 3, CLI_SIGNAL = 128 };

/* Where runs are kept, unless --runs says otherwise. */
#define CLI_RUNS "runs"

/* Subcommands: argv[0] is the subcommand's name; the exit code is returned. */
int cli_train(int argc, char **argv);
int cli_data(int argc, char **argv);
int cli_sample(int argc, char **argv);
int cli_eval(int argc, char **argv);
int cli_info(int argc, char **argv);
int cli_selftest(int argc, char **argv);

/* Prints "sgan-cpu: message" as one line to stderr and returns code. Names of files and what model files hold may be
 * anything: control characters are printed as '?'. */
int cli_error(int code, const char *format, ...) SGAN_PRINTF(2, 3);

/* Whether cli_error prints anything from now on. */
void cli_mute(bool mute);

/* Prints one line to stdout, in the same way. */
void cli_line(const char *format, ...) SGAN_PRINTF(1, 2);

/* The same with sgan_last_error(); the exit code is the status's. */
int cli_status(sgan_status status);

/* Values of long options begin here, so that getopt's optopt tells them from characters. */
enum { CLI_HELP = 256, CLI_THREADS, CLI_ISA, CLI_BIND, CLI_FIRST_OPTION };

/* What every subcommand that computes takes. */
/* clang-format off */
#define CLI_COMMON_OPTIONS                             \
	{ "help", no_argument, NULL, CLI_HELP },           \
	{ "threads", required_argument, NULL, CLI_THREADS }, \
	{ "isa", required_argument, NULL, CLI_ISA },       \
	{ "bind", required_argument, NULL, CLI_BIND }
/* clang-format on */

/* A subcommand's next option; CLI_END after the last; CLI_BAD after an error line, also for what is no option, or has
 * an empty value. -h is --help. */
enum { CLI_END = -1, CLI_BAD = -2 };
int cli_option(int argc, char **argv, const struct option *options);

/* The next argument, if it is no option; else NULL, and cli_option has it. */
const char *cli_operand(int argc, char **argv);

/* Strict numbers: decimal digits alone, from min to max. False after an error line that names the option. */
bool cli_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *value);

/* --seed: what a preset's `seed` can hold. */
bool cli_seed(const char *text, uint64_t *seed);

/* --isa, --threads and --bind. */
struct cli_machine {
	const char *isa; /* NULL: not given */
	uint64_t threads;
	enum sgan_bind bind;
	bool bind_given;
	size_t sharers; /* processes that share this one's CPUs, and divide them by default; 0, 1: none */
};

/* Where threads are: NUMA nodes, last-level caches on them, and what threads are bound to, "" for nothing. */
struct cli_places {
	size_t nodes, groups;
	const char *bound;
};

/* Takes the last option when it is one of these. False for any other; and for a wrong value, after an error line. */
bool cli_machine_option(int option, struct cli_machine *machine);

/* Makes the context that they ask for; and the same with where its threads are, which may be NULL. */
sgan_status cli_context(const struct cli_machine *machine, sgan_ctx **ctx);
sgan_status cli_context_placed(const struct cli_machine *machine, sgan_ctx **ctx, struct cli_places *places);

/* The signal that asked for an end (0: none) once signals are caught: SIGINT, SIGTERM, SIGHUP, SIGXCPU, SIGUSR1 or
 * SIGPIPE. A second SIGINT or SIGTERM, more than a second after the first signal, ends the program at once. Training saves
 * its state, sampling removes its file; what has neither ends as signals have it. */
extern volatile sig_atomic_t cli_stop;

/* SIGUSR2 has come: training saves its state, and sets it to 0. */
extern volatile sig_atomic_t cli_save;

void cli_catch_signals(void);

/* Files that grow beyond a limit (ulimit -f) are an error of writing, as full disks are, and not the program's end. */
void cli_ignore_file_limit(void);

/* Flushes stdout. The exit code is `code`, or CLI_FAILED after an error line when what was printed did not arrive. */
int cli_finish(int code);

#endif
