/* How a step's time falls with more threads: measured as far as there are CPUs, modelled beyond (scaling.h). */
#include <stdio.h>

#include "bench/scaling.h"

/* A machine that is supposed: sockets, each a node with memory of its own, and cores. What memory gives is four fifths of what
 * eight channels of DDR4-3200 have a socket, and of two links of 20.8 GB/s each way between two. */
struct machine {
	int sockets, cores; /* of a socket */
};
static const struct machine machines[] = { { 1, 2 },  { 1, 4 },  { 1, 8 },  { 1, 16 }, { 1, 32 },
	                                       { 1, 64 }, { 2, 32 }, { 2, 64 }, { 2, 96 } };
static const double socket_bandwidth = 0.8 * 8 * 25.6e9, between_bandwidth = 0.8 * 2 * 20.8e9;

/* Seconds: what arithmetic, memory and the way between sockets take; the first two at the same time. */
struct modelled {
	double compute, memory, between;
};

static struct modelled model(const struct bench_fit *fit, const struct bench_traffic *traffic, struct machine m)
{
	return (struct modelled){
		.compute = bench_model_compute(fit, m.sockets * m.cores, NULL),
		.memory = traffic->memory / (m.sockets * socket_bandwidth),
		.between = bench_traffic_between(traffic, (size_t)m.sockets) / between_bandwidth,
	};
}

static double all_of(struct modelled m)
{
	return (m.compute > m.memory ? m.compute : m.memory) + m.between;
}

static void print_modelled(const struct bench_fit *fit, const struct bench_traffic *traffic, struct machine m)
{
	const struct modelled t = model(fit, traffic, m);
	const int threads = m.sockets * m.cores;
	const double seconds = all_of(t), speedup = fit->step / seconds;
	if (fit->b->options.json)
		bench_print_object(json_pack("{si ss si sf sf sf sf sf sf}", "scale", threads, "how", "modelled", "sockets",
		                             m.sockets, "ms", seconds * 1e3, "compute_ms", t.compute * 1e3, "memory_ms",
		                             t.memory * 1e3, "between_ms", t.between * 1e3, "speedup", speedup, "efficiency",
		                             speedup / threads));
	else
		printf("%5d x %-3d  modelled  %9.1f %9.1f %9.1f %9.1f %9.2f %11.3f\n", m.sockets, m.cores, seconds * 1e3,
		       t.compute * 1e3, t.memory * 1e3, t.between * 1e3, speedup, speedup / threads);
	fflush(stdout);
}

static void print_measured(const struct bench_fit *fit, size_t i)
{
	const int threads = (int)fit->measured[i][0];
	const double seconds = fit->measured[i][1], speedup = fit->step / seconds;
	if (fit->b->options.json)
		bench_print_object(json_pack("{si ss sf sf sf}", "scale", threads, "how", "measured", "ms", seconds * 1e3,
		                             "speedup", speedup, "efficiency", speedup / threads));
	else
		printf("%11d  measured  %9.1f %9s %9s %9s %9.2f %11.3f\n", threads, seconds * 1e3, "", "", "", speedup,
		       speedup / threads);
	fflush(stdout);
}

static void print_fit(const struct bench_fit *fit, const struct bench_traffic *traffic)
{
	bench_print_summary(
		fit->b,
		json_pack("{s{sf sf sf sf sf}}", "model", "outside_ms", fit->outside * 1e3, "wait_us", fit->wait * 1e6,
	              "slower", fit->slower, "copying_gb_per_second", fit->bandwidth * 1e-9, "step_gb",
	              traffic->memory * 1e-9),
		"outside regions %.3f ms of one thread's step; a region of two threads %.2f us; 2 threads take %.3f of what is "
		"modelled; memory copies %.1f GB/s here; a step moves %.2f GB at the most, %.3f between two nodes",
		fit->outside * 1e3, fit->wait * 1e6, fit->slower, fit->bandwidth * 1e-9, traffic->memory * 1e-9,
		bench_traffic_between(traffic, 2) * 1e-9);
}

void bench_scale(struct bench *b)
{
	struct bench_fit fit;
	const double peak = bench_print_header(b, "scale");
	struct bench_batch batch = bench_make_batch(b);
	const struct bench_traffic traffic = bench_step_traffic(b);
	bench_fit(b, &batch, &fit);
	if (!b->options.json)
		printf("%11s  %-8s  %9s %9s %9s %9s %9s %11s\n", "threads", "how", "ms", "compute", "memory", "between",
		       "speed-up", "efficiency");
	for (size_t i = 0; i < fit.most; i++)
		print_measured(&fit, i);
	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
		print_modelled(&fit, &traffic, machines[i]);
	print_fit(&fit, &traffic);
	bench_print_machines(&fit);
	bench_print_drift(b, peak);
	bench_free_batch(&batch);
}
