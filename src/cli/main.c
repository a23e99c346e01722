/* The program sgan-cpu: finds the subcommand. All work is in the library, all words about it here. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/cli.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "train", cli_train }, { "sample", cli_sample }, { "eval", cli_eval },
	{ "data", cli_data },   { "info", cli_info },     { "selftest", cli_selftest },
};

static const char help[] =
	"sgan-cpu trains Stacked Generative Adversarial Networks on the CPU and draws images from them.\n"
	"\n"
	"  sgan-cpu train     trains a model; without options, MNIST's on Fashion-MNIST\n"
	"  sgan-cpu sample    draws images from a trained model\n"
	"  sgan-cpu eval      tells how good a model's samples are\n"
	"  sgan-cpu data      says what a dataset holds\n"
	"  sgan-cpu info      describes this machine and build, or a model file\n"
	"  sgan-cpu selftest  compares every kernel that this machine can run with the portable one\n"
	"\n"
	"  sgan-cpu COMMAND --help    the command's options (or -h)\n"
	"  sgan-cpu --version\n";

static int run(int argc, char **argv)
{
	if (argc < 2)
		return cli_error(CLI_USAGE,
		                 "no command given: train, sample, eval, data, info or selftest (see sgan-cpu --help)");
	bool asks_help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0;
	if (asks_help || strcmp(argv[1], "--version") == 0) {
		if (argc > 2)
			return cli_error(CLI_USAGE, "unexpected argument '%.200s' after %s", argv[2], argv[1]);
		if (asks_help)
			fputs(help, stdout);
		else
			printf("sgan-cpu %s\n", sgan_version());
		return CLI_DONE;
	}
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return cli_error(CLI_USAGE, "unknown command '%.200s': train, sample, eval, data, info or selftest expected",
	                 argv[1]);
}

/* Whoever starts us with a standard descriptor closed would otherwise see the next file opened take its number, and
 * receive what is printed. Opened the wrong way round, for using it to fail as before. */
static bool occupy_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	if (!occupy_standard_descriptors())
		return CLI_FAILED; /* there is nobody to tell */
	cli_ignore_file_limit();
	return cli_finish(run(argc, argv));
}
