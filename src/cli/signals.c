/* Signals: remembered here, acted upon between training steps, or batches of samples.
 *
 * What terminals, shells and batch systems send ahead of an end asks for one: Ctrl-C, a terminal that is closed or a
 * connection that drops (HUP), a scheduler's warning (USR1, TERM), a limit of CPU time (XCPU). A closed pipe is one too:
 * training whose progress nobody reads any more saves and ends. USR2 asks for a checkpoint alone. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "src/cli/cli.h"

/* Whichever thread a signal interrupts writes them, and the main one reads them. Their order with other memory does not
 * matter, for nothing else goes with them, and no machine tears an aligned word: so volatile, by which each look is a load,
 * does on weakly ordered ones too. */
volatile sig_atomic_t cli_stop, cli_save;

/* When cli_stop was set, in ms. */
static volatile sig_atomic_t stopped_at;

enum { PATIENCE_MS = 1000 }; /* what keys and shells repeat comes sooner */

static int now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int)((t.tv_sec % 1000000) * 1000 + t.tv_nsec / 1000000);
}

/* Who asks twice, and not in one breath, does not want to wait for the step's end. What comes again by itself (XCPU does so
 * every second) changes nothing. */
static void remember(int signal)
{
	if (cli_stop) {
		if ((signal == SIGINT || signal == SIGTERM) && now_ms() - stopped_at > PATIENCE_MS)
			_exit(CLI_SIGNAL + signal);
		return;
	}
	stopped_at = now_ms();
	cli_stop = signal;
}

static void remember_to_save(int signal)
{
	(void)signal;
	cli_save = 1;
}

static void catch_signal(int signal, void (*handler)(int))
{
	struct sigaction action, old;
	memset(&action, 0, sizeof action);
	action.sa_handler = handler;
	action.sa_flags = SA_RESTART;
	sigfillset(&action.sa_mask);
	/* nohup has hangups ignored, and shells interrupts in the background: that stays. A closed pipe ends us even then,
	 * for Python's subprocess, as others, ignores it in itself alone. */
	if (sigaction(signal, NULL, &old) == 0 && old.sa_handler == SIG_IGN && signal != SIGPIPE)
		return;
	sigaction(signal, &action, NULL);
}

void cli_catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGXCPU, SIGUSR1, SIGPIPE };
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		catch_signal(signals[i], remember);
	catch_signal(SIGUSR2, remember_to_save);
}

void cli_ignore_file_limit(void)
{
	signal(SIGXFSZ, SIG_IGN);
}
