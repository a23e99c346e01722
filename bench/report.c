/* What benchmarks print: a table for people, or with --json an object a line. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/peer.h"
#include "src/cpu/detect.h"

void bench_print_object(json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(6));
	if (text == NULL)
		bench_fail("no memory for a line of JSON");
	puts(text);
	fflush(stdout);
	free(text);
	json_decref(object);
}

/* A row's numbers as they are read: six digits are more than was measured. */
static void set_real(json_t *object, const char *key, double value)
{
	json_object_set_new(object, key, json_real(value));
}

static const char *cpu_name(char name[160])
{
	struct sgan_cpu cpu;
	sgan_cpu_read(&cpu);
	const char *brand = cpu.brand[0] ? cpu.brand : "unknown CPU";
	if (cpu.vendor[0])
		snprintf(name, 160, "%s (%s family %u model %u)", brand, cpu.vendor, cpu.family, cpu.model);
	else
		snprintf(name, 160, "%s", brand);
	return name;
}

double bench_print_header(const struct bench *b, const char *what)
{
	const double peak = bench_peak(b->ctx);
	const char *isa = sgan_isa_name(sgan_ctx_isa(b->ctx));
	char cpu[160], peer[200] = "";
	cpu_name(cpu);
	if (b->peer != NULL)
		b->peer->describe(peer, sizeof peer);
	if (b->options.json) {
		json_t *header = json_pack("{ss ss ss si ss sf}", "benchmark", what, "cpu", cpu, "isa", isa, "threads",
		                           sgan_ctx_threads(b->ctx), "sgan", sgan_version(), "peak_gflops", peak);
		if (b->preset != NULL) {
			json_object_set_new(header, "preset", json_string(b->preset->name));
			json_object_set_new(header, "batch", json_integer((json_int_t)b->options.batch));
		}
		if (b->peer != NULL)
			json_object_set_new(header, "peer", json_string(peer));
		bench_print_object(json_pack("{so}", "header", header));
		return peak;
	}
	printf("# sgan-bench %s: libsgan %s, %s, %d thread%s", what, sgan_version(), isa, sgan_ctx_threads(b->ctx),
	       sgan_ctx_threads(b->ctx) == 1 ? "" : "s");
	if (b->preset != NULL)
		printf(", preset %s, batch %zu", b->preset->name, b->options.batch);
	printf("\n");
	printf("# %s\n", cpu);
	if (b->peer != NULL)
		printf("# peer: %s\n", peer);
	if (peak > 0)
		printf("# peak of fused multiply-adds: %.0f GFLOP/s; percentages are of the peak measured beside each row\n",
		       peak);
	fflush(stdout);
	return peak;
}

void bench_print_drift(const struct bench *b, double before)
{
	const double after = bench_peak(b->ctx);
	if (before > 0)
		bench_print_summary(b, json_pack("{s{sf sf}}", "drift", "peak_before", before, "peak_after", after),
		                    "peak before %.0f, after %.0f GFLOP/s: %+.1f %%", before, after,
		                    100 * (after / before - 1));
}

void bench_print_columns(const struct bench *b, const char *first, bool algorithms)
{
	if (b->options.json)
		return;
	printf("%-46s %-16s", first, "pass");
	if (algorithms)
		printf(" %-9s", "algorithm");
	printf(" %10s %9s %7s", "ms", "GFLOP/s", "% peak");
	if (b->peer != NULL)
		printf(" %10s %9s %7s", "peer ms", "GFLOP/s", "ratio");
	if (b->peer != NULL && b->options.packing)
		printf(" %10s %10s %7s", "pack ms", "peer's", "ratio");
	printf("\n");
}

/* The ratio with both sides' packing. */
static double packed_ratio(const struct bench_row *row)
{
	return (row->peer_seconds + row->peer_packing) / (row->seconds + row->packing);
}

static void print_text_row(const struct bench *b, const struct bench_row *row)
{
	const double gflops = row->flop / row->seconds / 1e9;
	printf("%-46s %-16s", row->title, row->pass);
	if (row->algorithm != NULL)
		printf(" %-9s", row->algorithm);
	printf(" %10.4f", row->seconds * 1e3);
	if (row->flop > 0)
		printf(" %9.1f", gflops);
	else
		printf(" %9s", "");
	if (row->flop > 0 && row->peak > 0)
		printf(" %7.1f", 100 * gflops / row->peak);
	else
		printf(" %7s", "");
	if (row->peer_seconds > 0)
		printf(" %10.4f %9.1f %7.2f", row->peer_seconds * 1e3, row->flop / row->peer_seconds / 1e9,
		       row->peer_seconds / row->seconds);
	else if (b->peer != NULL)
		printf(" %10s %9s %7s", "-", "-", "-");
	if (row->peer_seconds > 0 && b->options.packing)
		printf(" %10.4f %10.4f %7.2f", row->packing * 1e3, row->peer_packing * 1e3, packed_ratio(row));
	if (row->images > 0)
		printf(" %9.0f images/s", row->images / row->seconds);
	if (row->share > 0)
		printf(" %6.1f %%", 100 * row->share);
	if (row->how != NULL)
		printf("  %s", row->how);
	printf("\n");
	fflush(stdout);
}

void bench_print_row(const struct bench *b, const struct bench_row *row, json_t *object)
{
	if (!b->options.json) {
		json_decref(object);
		print_text_row(b, row);
		return;
	}
	const double gflops = row->flop / row->seconds / 1e9;
	if (row->pass != NULL && row->pass[0] != '\0')
		json_object_set_new(object, "pass", json_string(row->pass));
	if (row->algorithm != NULL)
		json_object_set_new(object, "algorithm", json_string(row->algorithm));
	json_object_set_new(object, "isa", json_string(sgan_isa_name(sgan_ctx_isa(b->ctx))));
	json_object_set_new(object, "threads", json_integer(sgan_ctx_threads(b->ctx)));
	json_object_set_new(object, "batch", json_integer((json_int_t)b->options.batch));
	set_real(object, "ms", row->seconds * 1e3);
	if (row->images > 0)
		set_real(object, "images_per_second", row->images / row->seconds);
	if (row->share > 0)
		set_real(object, "percent_of_step", 100 * row->share);
	if (row->flop > 0)
		set_real(object, "gflops", gflops);
	if (row->flop > 0 && row->peak > 0) {
		set_real(object, "percent_of_peak", 100 * gflops / row->peak);
		set_real(object, "peak_gflops", row->peak);
	}
	if (row->peer_seconds > 0) {
		json_object_set_new(object, "peer", json_string(row->peer));
		set_real(object, "peer_ms", row->peer_seconds * 1e3);
		set_real(object, "peer_gflops", row->flop / row->peer_seconds / 1e9);
		set_real(object, "ratio", row->peer_seconds / row->seconds);
		if (b->options.packing) {
			set_real(object, "packing_ms", row->packing * 1e3);
			set_real(object, "peer_packing_ms", row->peer_packing * 1e3);
			set_real(object, "ratio_with_packing", packed_ratio(row));
		}
		if (row->how != NULL)
			json_object_set_new(object, "peer_how", json_string(row->how));
	}
	bench_print_object(object);
}

void bench_print_summary(const struct bench *b, json_t *object, const char *format, ...)
{
	if (b->options.json) {
		bench_print_object(object);
		return;
	}
	json_decref(object);
	va_list args;
	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
}
