/* sgan-cpu info: this machine and build, or what a model file holds. */
#include <archive.h>
#include <hwloc.h>
#include <jansson.h>
#include <lapacke.h>
#include <libconfig.h>
#include <nettle/version.h>
#include <png.h>
#include <stdio.h>
#include <zlib.h>

#include <jpeglib.h>

#include "src/cli/cli.h"
#include "src/cli/scores.h"
#include "src/cpu/cgroup.h"
#include "src/cpu/detect.h"
#include "src/cpu/status.h"
#include "src/data/mat.h"
#include "src/machine/topology.h"
#include "src/io/file.h"
#include "src/io/run.h"
#include "src/sgan/eval/evaluate.h"
#include "src/sgan/model/modelfile.h"
#include "src/sgan/preset/builtin.h"

static const char help[] =
	"usage: sgan-cpu info [--model FILE|RUN] [--runs DIR] [--isa NAME] [--threads N] [--bind WHAT]\n"
	"\n"
	"Describes the CPU, its topology, the instruction sets, and this build; or what a model holds, and its\n"
	"scores once eval has taken them of it as it is now: a model file, a run's folder, or a run below --runs\n"
	"(its name, its number or latest; ./runs).\n";

enum { MODEL = CLI_FIRST_OPTION, RUNS };

static const struct option options[] = {
	CLI_COMMON_OPTIONS,
	{ "model", required_argument, NULL, MODEL },
	{ "runs", required_argument, NULL, RUNS },
	{ NULL, 0, NULL, 0 },
};

static void print_cpu(void)
{
	struct sgan_cpu cpu;
	sgan_cpu_read(&cpu);
	printf("cpu        %s", cpu.brand[0] ? cpu.brand : "unknown");
	if (cpu.vendor[0])
		printf(" (%s, family %u, model %u, stepping %u)", cpu.vendor, cpu.family, cpu.model, cpu.stepping);
	printf("\n");
	for (int i = 0; i < SGAN_ISA_COUNT; i++) {
		sgan_isa isa = (sgan_isa)i;
		printf("isa        %-8s %s\n", sgan_isa_name(isa),
		       !cpu.isa[i]            ? "the machine lacks it"
		       : !sgan_isa_built(isa) ? "the machine has it, this build does not"
		                              : "usable");
	}
}

static void print_topology(void)
{
	struct sgan_topology t;
	if (sgan_topology_read(NULL, &t) != SGAN_OK) {
		printf("topology   unknown: %s\n", sgan_last_error());
		return;
	}
	printf("topology   %u packages, %u NUMA nodes, %u cores, %u hardware threads, %u allowed\n", t.packages,
	       t.numa_nodes, t.cores, t.pus, t.pus_allowed);
	for (int level = 0; level < SGAN_CACHE_LEVELS; level++)
		if (t.cache[level].count)
			printf("cache      L%d: %u of %llu KiB\n", level + 1, t.cache[level].count,
			       (unsigned long long)(t.cache[level].size / 1024));
	printf("memory     %.1f GiB\n", (double)t.memory / 0x1p30);
}

static void print_build(void)
{
	printf("version    sgan-cpu %s\n", sgan_version());
	printf("compiler   %s %s\n",
#ifdef __clang__
	       "Clang",
#else
	       "GCC",
#endif
	       __VERSION__);
	unsigned hwloc = hwloc_get_api_version();
	lapack_int lapack[3];
	LAPACKE_ilaver(&lapack[0], &lapack[1], &lapack[2]);
	printf("libraries  hwloc %u.%u, libconfig %d.%d, jansson %s, libpng %s, libjpeg %d.%d, %s, zlib %s, %s, "
	       "LAPACK %d.%d.%d, nettle %d.%d\n",
	       hwloc >> 16, hwloc >> 8 & 255, LIBCONFIG_VER_MAJOR, LIBCONFIG_VER_MINOR, JANSSON_VERSION,
	       png_get_libpng_ver(NULL), JPEG_LIB_VERSION / 10, JPEG_LIB_VERSION % 10, sgan_mat_library(), zlibVersion(),
	       archive_version_string(), (int)lapack[0], (int)lapack[1], (int)lapack[2], nettle_version_major(),
	       nettle_version_minor());
	printf("presets   ");
	for (size_t i = 0; i < sgan_builtin_preset_count; i++)
		printf(" %s", sgan_builtin_presets[i].name);
	printf("\n");
}

/* Why there are so many threads. */
static void print_cpus(const struct cli_machine *machine)
{
	const struct sgan_cpus cpus = sgan_cpus_read();
	const char *environment = getenv("OMP_NUM_THREADS");
	if (machine->threads)
		printf("threads    as --threads says");
	else if (environment && *environment)
		printf("threads    as OMP_NUM_THREADS says");
	else
		printf("threads    one for each CPU that may be kept busy");
	if (cpus.affinity)
		printf("; affinity mask: %d CPUs", cpus.affinity);
	else
		printf("; affinity mask: unknown");
	if (cpus.quota)
		printf(", quota of control groups: %d", cpus.quota);
	else
		printf(", no quota of control groups");
	const double load = sgan_machine_load();
	if (load >= 0)
		printf("; load %.2f\n", load);
	else
		printf("; load unknown\n");
}

/* What a context came to that was made as asked for; it ends here, so that what is printed next is not of its threads'
 * CPUs alone. */
struct chosen {
	const char *isa;
	int threads;
	struct cli_places places;
};

static sgan_status try_context(const struct cli_machine *machine, struct chosen *chosen)
{
	sgan_ctx *ctx;
	SGAN_TRY(cli_context_placed(machine, &ctx, &chosen->places));
	chosen->isa = sgan_isa_name(sgan_ctx_isa(ctx));
	chosen->threads = sgan_ctx_threads(ctx);
	sgan_ctx_destroy(ctx);
	return SGAN_OK;
}

static void print_places(const struct cli_places *places)
{
	printf("places     threads on %zu NUMA node%s and %zu last-level cache%s, ", places->nodes,
	       places->nodes == 1 ? "" : "s", places->groups, places->groups == 1 ? "" : "s");
	if (places->bound[0])
		printf("bound to their %s\n", places->bound);
	else
		printf("not bound\n");
}

static sgan_status print_machine(const struct cli_machine *machine)
{
	struct chosen chosen;
	SGAN_TRY(try_context(machine, &chosen));
	print_cpu();
	printf("chosen     %s, %d threads\n", chosen.isa, chosen.threads);
	print_cpus(machine);
	print_places(&chosen.places);
	print_topology();
	print_build();
	return SGAN_OK;
}

static void print_model_info(const char *path, const struct sgan_model_info *info, const struct sgan_preset *preset)
{
	cli_line("file       %s", path);
	printf("preset     %s: %zux%zux%zu in %zu classes, %zu stacks, seed %llu\n", preset->name, preset->height,
	       preset->width, preset->channels, preset->classes, preset->stack_count, (unsigned long long)preset->seed);
	cli_line("dataset    %s", info->dataset);
	printf("input      bytes / %g%s\n", info->input_divisor, info->mean_subtracted ? ", less the mean image" : "");
	printf("stage      %s, step %zu\n", info->stage, info->step);
	printf("trained   ");
	bool any = false;
	for (unsigned stage = 0; stage < SGAN_STAGE_COUNT; stage++)
		if (info->trained[stage]) {
			printf(" %s", sgan_stage_name(stage));
			any = true;
		}
	printf("%s\n", any ? "" : " none yet");
	printf("tensors    %zu, with %zu parameters\n", info->tensor_count, info->parameter_count);
}

/* Whether it is of what the model file holds now, which the generators' weights tell. */
static sgan_status evaluation_fits(const struct cli_machine *machine, const struct sgan_evaluation *evaluation,
                                   const char *model, const struct sgan_preset *preset, bool *fits)
{
	sgan_ctx *ctx;
	SGAN_TRY(cli_context(machine, &ctx));
	const sgan_status status = sgan_evaluation_fits(ctx, evaluation, model, preset, fits);
	sgan_ctx_destroy(ctx);
	return status;
}

/* What eval found of it, where it did. */
static void print_evaluation(const struct cli_machine *machine, const char *model, const struct sgan_preset *preset)
{
	char path[SGAN_PATH];
	struct sgan_evaluation evaluation;
	bool fits;
	if (sgan_evaluation_path(model, path) != SGAN_OK || !sgan_file_exists(path))
		return;
	if (sgan_evaluation_read(path, &evaluation) != SGAN_OK ||
	    evaluation_fits(machine, &evaluation, model, preset, &fits) != SGAN_OK)
		cli_line("evaluated  unknown: %s", sgan_last_error());
	else if (fits)
		cli_scores_print(&evaluation);
	else
		cli_scores_other(path, &evaluation);
}

static sgan_status print_model(const struct cli_machine *machine, const char *runs, const char *model)
{
	char path[SGAN_PATH];
	struct sgan_model_info info;
	struct sgan_preset *preset;
	SGAN_TRY(sgan_model_file(runs, model, path));
	SGAN_TRY(sgan_model_describe(path, &info));
	SGAN_TRY(sgan_model_preset(path, &preset));
	print_model_info(path, &info, preset);
	print_evaluation(machine, path, preset);
	sgan_preset_free(preset);
	return SGAN_OK;
}

int cli_info(int argc, char **argv)
{
	const char *model = NULL, *runs = CLI_RUNS;
	struct cli_machine machine = { .isa = NULL };
	int option;
	while ((option = cli_option(argc, argv, options)) != CLI_END) {
		switch (option) {
		case CLI_HELP:
			fputs(help, stdout);
			return CLI_DONE;
		case MODEL:
			model = optarg;
			break;
		case RUNS:
			runs = optarg;
			break;
		default:
			if (!cli_machine_option(option, &machine))
				return CLI_USAGE;
		}
	}
	return cli_status(model ? print_model(&machine, runs, model) : print_machine(&machine));
}
