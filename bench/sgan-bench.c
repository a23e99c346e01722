/* sgan-bench: how fast this machine computes kernels, layers, steps and samples, against its peak and other libraries.
 * The command line; the benchmarks are a file each. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/peer.h"

static const char help[] =
	"usage: sgan-bench [peak|kernels|layers|gemm|step|sample|threads|scale|bytes]... [OPTION]...\n"
	"\n"
	"  peak    the machine's peak: a loop of fused multiply-adds on registers alone\n"
	"  kernels each kernel by itself, of each instruction set or that of --isa, on one thread:\n"
	"          with operands in the core's caches, and with operands that are not\n"
	"  layers  each linear layer of the preset's networks, each pass\n"
	"  gemm    matrix products of the dense layers, and squares of 256 to 2048\n"
	"  step    training steps, whole and by parts (the default)\n"
	"  sample  images a second\n"
	"  threads parallel regions by themselves; a step beside busy programs, and with four times the\n"
	"          threads, in turn with a quiet one\n"
	"  scale   a step with ever more threads: measured while there are CPUs, then modelled; and on\n"
	"          several machines, of --threads cores each (16)\n"
	"  bytes   what several processes that train together send in a step\n"
	"\n"
	"  --preset P      a preset or a file (mnist)\n"
	"  --isa X         instruction set: avx512, avx2, neon, generic (the best)\n"
	"  --threads N     (the machine's)\n"
	"  --batch N       images (100)\n"
	"  --runs N        timed runs of each, at the least (15); the median counts\n"
	"  --json          an object a line\n"
	"\n"
	"  --kernel TEXT   kernels: only those with this in their name or shape\n"
	"  --layer TEXT    layers: only those with this in their name or shape\n"
	"  --pass P        layers: fwd, bwd-data or bwd-weights (all)\n"
	"  --algorithms    layers: each algorithm that fits, not only the plan's choice\n"
	"  --peer P        layers: onednn; gemm: openblas or blis, where configure found them\n"
	"  --packing       layers: against a peer, a ratio with the time to pack weights, too\n"
	"  --stage S       step: encoder, independent or joint (all)\n"
	"  --stack I       step: one stack alone, 0 being the bottom one (all)\n";

static _Noreturn void usage(const char *format, ...) SGAN_PRINTF(1, 2);

static _Noreturn void usage(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "sgan-bench: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "; see sgan-bench --help\n");
	va_end(args);
	exit(2);
}

void bench_fail(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "sgan-bench: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

void bench_check(sgan_status status, const char *what)
{
	if (status != SGAN_OK)
		bench_fail("%s: %s", what, sgan_last_error());
}

static size_t number(const char *option, const char *text, size_t least, size_t most)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	if (end == text || *end != '\0' || text[0] == '-' || value < least || value > most)
		usage("--%s '%s': a number from %zu to %zu expected", option, text, least, most);
	return value;
}

static int pass_number(const char *text)
{
	for (int pass = 0; pass < SGAN_PASS_COUNT; pass++)
		if (strcmp(text, bench_pass_options[pass]) == 0 || strcmp(text, bench_pass_names[pass]) == 0)
			return pass;
	usage("--pass '%s': fwd, bwd-data or bwd-weights expected", text);
}

static const char *stage_name(const char *text)
{
	for (int i = 0; i < SGAN_STAGE_COUNT; i++)
		if (strcmp(text, sgan_stage_name((enum sgan_stage)i)) == 0)
			return text;
	usage("--stage '%s': encoder, independent or joint expected", text);
}

static const struct bench_peer *peer_named(const char *text)
{
	bool known;
	const struct bench_peer *peer = bench_peer_find(text, &known);
	if (!known)
		usage("--peer '%s': onednn, openblas or blis expected", text);
	if (peer == NULL)
		bench_fail("--peer %s: this build is without it; configure --with-%s", text, text);
	return peer;
}

enum option_key {
	PRESET = 1,
	ISA,
	THREADS,
	BATCH,
	RUNS,
	JSON,
	KERNEL,
	LAYER,
	PASS,
	ALGORITHMS,
	PEER,
	PACKING,
	STAGE,
	STACK,
	HELP
};

static const struct option long_options[] = {
	{ "preset", required_argument, NULL, PRESET },
	{ "isa", required_argument, NULL, ISA },
	{ "threads", required_argument, NULL, THREADS },
	{ "batch", required_argument, NULL, BATCH },
	{ "runs", required_argument, NULL, RUNS },
	{ "json", no_argument, NULL, JSON },
	{ "kernel", required_argument, NULL, KERNEL },
	{ "layer", required_argument, NULL, LAYER },
	{ "pass", required_argument, NULL, PASS },
	{ "algorithms", no_argument, NULL, ALGORITHMS },
	{ "peer", required_argument, NULL, PEER },
	{ "packing", no_argument, NULL, PACKING },
	{ "stage", required_argument, NULL, STAGE },
	{ "stack", required_argument, NULL, STACK },
	{ "help", no_argument, NULL, HELP },
	{ NULL, 0, NULL, 0 },
};

static void take_option(struct bench *b, int key)
{
	struct bench_options *o = &b->options;
	switch (key) {
	case PRESET:
		o->preset = optarg;
		break;
	case ISA:
		o->isa = optarg;
		break;
	case THREADS:
		o->threads = (int)number("threads", optarg, 1, 1024);
		break;
	case BATCH:
		o->batch = number("batch", optarg, 1, 4096);
		break;
	case RUNS:
		o->runs = number("runs", optarg, 1, 1000);
		break;
	case JSON:
		o->json = true;
		break;
	case KERNEL:
		o->kernel = optarg;
		break;
	case LAYER:
		o->layer = optarg;
		break;
	case PASS:
		o->pass = pass_number(optarg);
		break;
	case ALGORITHMS:
		o->all_algorithms = true;
		break;
	case PACKING:
		o->packing = true;
		break;
	case PEER:
		b->peer = peer_named(optarg);
		break;
	case STAGE:
		o->stage = stage_name(optarg);
		break;
	case STACK:
		o->stack = (int)number("stack", optarg, 0, SGAN_STACKS_MAX - 1);
		break;
	case HELP:
		fputs(help, stdout);
		exit(0);
	default:
		exit(2); /* getopt has said what is wrong */
	}
}

static void bench_peak_alone(struct bench *b)
{
	bench_print_drift(b, bench_print_header(b, "peak"));
}

static const struct {
	const char *name;
	void (*run)(struct bench *b);
} benchmarks[] = { { "peak", bench_peak_alone }, { "kernels", bench_kernels }, { "layers", bench_layers },
	               { "gemm", bench_gemm },       { "step", bench_step },       { "sample", bench_sample },
	               { "threads", bench_threads }, { "scale", bench_scale },     { "bytes", bench_bytes } };

static void (*benchmark_named(const char *name))(struct bench *b)
{
	for (size_t i = 0; i < sizeof benchmarks / sizeof *benchmarks; i++)
		if (strcmp(benchmarks[i].name, name) == 0)
			return benchmarks[i].run;
	usage("'%s': the benchmarks are peak, kernels, layers, gemm, step, sample, threads, scale and bytes", name);
}

static char **arguments;

void bench_start_anew(void)
{
	execv("/proc/self/exe", arguments);
	execvp(arguments[0], arguments); /* no /proc */
	bench_fail("%s: cannot be started anew", arguments[0]);
}

/* Libraries read these when they are loaded, before main: whoever changes them has to start anew. */
static void settle_environment(int argc, char **argv)
{
	static const char mark[] = "SGAN_BENCH_STARTED";
	bool peer = false, found = false;
	if (getenv(mark) != NULL)
		return;
	for (int i = 1; i < argc; i++)
		peer = peer || strncmp(argv[i], "--peer", 6) == 0;
	/* OpenBLAS would compute with another machine's kernels. */
	static const char *const unwanted[] = { "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE" };
	for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
		if (getenv(unwanted[i]) != NULL) {
			fprintf(stderr, "sgan-bench: %s=%s is ignored\n", unwanted[i], getenv(unwanted[i]));
			unsetenv(unwanted[i]);
			found = true;
		}
	if (!found && !peer)
		return;
	if (peer) {
		setenv("GOMP_SPINCOUNT", "20000", 0);       /* libgomp's threads: some hundred microseconds instead of 10 ms */
		setenv("OPENBLAS_THREAD_TIMEOUT", "20", 0); /* 2^20 cycles instead of 2^26 */
	}
	setenv(mark, "1", 1);
	bench_start_anew();
}

/* Options that say nothing without another. */
static void check_options(const struct bench *b)
{
	if (b->options.packing && b->peer == NULL)
		usage("--packing: a peer to compare with is missing (--peer)");
}

int main(int argc, char **argv)
{
	arguments = argv;
	settle_environment(argc, argv);
	struct bench b = { .options = {
						   .preset = "mnist", .pass = SGAN_PASS_COUNT, .stack = -1, .batch = 100, .runs = 15 } };
	for (int key; (key = getopt_long(argc, argv, "", long_options, NULL)) != -1;)
		take_option(&b, key);
	check_options(&b);
	for (int i = optind; i < argc; i++)
		benchmark_named(argv[i]);
	const sgan_ctx_options ctx = { .isa = b.options.isa, .threads = b.options.threads };
	bench_check(sgan_ctx_create(&ctx, &b.ctx), "context");
	bench_check(sgan_preset_load(b.options.preset, NULL, 0, &b.preset), "preset");
	bench_check(sgan_preset_settle(&b.preset, BENCH_CLASSES), "preset");
	if (b.peer != NULL)
		b.peer->begin(sgan_ctx_isa(b.ctx), sgan_ctx_threads(b.ctx));
	for (int i = optind; i < argc || i == optind; i++)
		benchmark_named(i < argc ? argv[i] : "step")(&b);
	sgan_preset_free(b.preset);
	sgan_ctx_destroy(b.ctx);
	return 0;
}
