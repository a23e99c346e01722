/* Signals: remembered here, acted upon between training steps, or batches of samples.
 *
 * A closed pipe is one too: training whose progress nobody reads any more saves and ends. */
#include <string.h>
#include <unistd.h>

#include "src/cli/cli.h"

/* Whichever thread a signal interrupts writes it, and the main one reads it. Its order with other memory does not
 * matter, for nothing else goes with it, and no machine tears an aligned word: so volatile, by which each look is a load,
 * does on weakly ordered ones too. */
volatile sig_atomic_t cli_stop;

static void remember(int signal)
{
	if (cli_stop && signal != SIGPIPE)
		_exit(CLI_SIGNAL + signal); /* the user does not want to wait for the step's end */
	if (!cli_stop)
		cli_stop = signal;
}

void cli_catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGPIPE };
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		struct sigaction action, old;
		memset(&action, 0, sizeof action);
		action.sa_handler = remember;
		action.sa_flags = SA_RESTART;
		sigemptyset(&action.sa_mask);
		/* nohup and shells in the background have interrupts ignored: that stays. A closed pipe ends us even then,
		 * for Python's subprocess, as others, ignores it in itself alone. */
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN && signals[i] != SIGPIPE)
			continue;
		sigaction(signals[i], &action, NULL);
	}
}
