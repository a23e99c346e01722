/* oneDNN 2.6 and later, at its best: layouts of its own choice for every operand, brought there outside the timing,
 * no bias, and of the ways that it has to do a pass (a deconvolution is a convolution's other pass; a dense layer an
 * inner product or a matrix product) the one that is fastest here. */
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/onednn_api.h"
#include "bench/peer.h"
#include "bench/peers.h"

enum { SRC, WEIGHTS, DST, OPERANDS };
enum { TRIAL_RUNS = 7 };

static dnnl_engine_t engine;
static dnnl_stream_t stream;
static int thread_count;

static void check(dnnl_status_t status, const char *what)
{
	if (status != dnnl_success)
		bench_fail("oneDNN: %s: status %d", what, (int)status);
}

/* --- start --- */

static bool is_sycl(void)
{
	return dnnl_version()->cpu_runtime == DNNL_RUNTIME_DPCPP;
}

/* TBB takes as many threads as the process has CPUs, whatever else it is told. */
static void keep_cpus(int wanted)
{
#ifdef __linux__
	cpu_set_t cpus;
	if (sched_getaffinity(0, sizeof cpus, &cpus) != 0)
		return;
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &cpus) && wanted-- <= 0)
			CPU_CLR(cpu, &cpus);
	sched_setaffinity(0, sizeof cpus, &cpus);
#else
	(void)wanted;
#endif
}

/* A build on SYCL finds the CPU through OpenCL, whose driver lies beside it in a tree of Python's packages. */
static void begin_sycl(void)
{
	keep_cpus(thread_count);
	if (SGAN_ONEDNN_LIBDIR[0] && access(SGAN_ONEDNN_LIBDIR "/libintelocl.so", R_OK) == 0)
		setenv("OCL_ICD_FILENAMES", SGAN_ONEDNN_LIBDIR "/libintelocl.so", 0);
}

static void begin(sgan_isa isa, int threads)
{
	thread_count = threads;
	if (isa == SGAN_ISA_AVX2)
		check(dnnl_set_max_cpu_isa(dnnl_cpu_isa_avx2), "instruction set");
	if (is_sycl())
		begin_sycl();
	else
		omp_set_num_threads(threads);
	check(dnnl_engine_create(&engine, dnnl_cpu, 0), "no CPU engine");
	check(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags), "stream");
}

static const char *isa_name(void)
{
	const int isa = (int)dnnl_get_effective_cpu_isa(); /* a set of bits, AVX-512 Core's among them */
	return (isa & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core ? "avx512"
	       : (isa & dnnl_cpu_isa_avx2) == dnnl_cpu_isa_avx2             ? "avx2"
	                                                                    : "less than avx2";
}

static void describe(char *text, size_t size)
{
	const dnnl_version_t *v = dnnl_version();
	snprintf(text, size, "oneDNN %d.%d.%d, %s, %s, %d thread%s", v->major, v->minor, v->patch,
	         is_sycl()                            ? "SYCL on TBB"
	         : v->cpu_runtime == DNNL_RUNTIME_OMP ? "OpenMP"
	                                              : "other threads",
	         isa_name(), thread_count, thread_count == 1 ? "" : "s");
}

static bool own_threads(void)
{
	return dnnl_version()->cpu_runtime != DNNL_RUNTIME_OMP;
}

/* --- a way to do a pass --- */

/* src, weights and dst as an operation calls them; a deconvolution as a convolution's other pass exchanges two. */
struct operand {
	int rank;
	dnnl_dims_t dims, strides; /* ours */
	const real *values;
	size_t count, sets; /* of one set; the weights are one for all */
	bool weights;
};

struct way {
	const char *name;
	struct api_operation operation;
	struct operand operands[OPERANDS];
	int args[OPERANDS];
	int made; /* the operand that the pass makes */
	size_t sets;
	dnnl_primitive_desc_t pd;
	dnnl_primitive_t primitive;
	dnnl_memory_t *memory[OPERANDS]; /* [sets] */
	dnnl_memory_t plain;             /* the weights in our layout, made with `packing` when first asked for */
	dnnl_primitive_t packing;        /* from it, or to it where the pass makes them */
	double seconds;
	char how[128];
};

static void copy_values(dnnl_memory_t memory, const real *from, real *to, size_t count)
{
	void *mapped;
	check(dnnl_memory_map_data(memory, &mapped), "map");
	memcpy(from != NULL ? mapped : to, from != NULL ? from : mapped, count * sizeof(real));
	check(dnnl_memory_unmap_data(memory, mapped), "unmap");
}

static dnnl_primitive_t create_reorder(api_const_desc from, api_const_desc to)
{
	dnnl_primitive_desc_t pd;
	dnnl_primitive_t primitive;
	check(dnnl_reorder_primitive_desc_create(&pd, from, engine, to, engine, NULL), "reorder");
	check(dnnl_primitive_create(&primitive, pd), "reorder");
	dnnl_primitive_desc_destroy(pd);
	return primitive;
}

static void run_reorder(dnnl_primitive_t primitive, dnnl_memory_t from, dnnl_memory_t to)
{
	const dnnl_exec_arg_t args[2] = { { DNNL_ARG_FROM, from }, { DNNL_ARG_TO, to } };
	check(dnnl_primitive_execute(primitive, stream, 2, args), "reorder");
	check(dnnl_stream_wait(stream), "reorder");
}

static void reorder(api_const_desc from_desc, dnnl_memory_t from, api_const_desc to_desc, dnnl_memory_t to)
{
	dnnl_primitive_t primitive = create_reorder(from_desc, to_desc);
	run_reorder(primitive, from, to);
	dnnl_primitive_destroy(primitive);
}

static api_const_desc chosen_desc(const struct way *w, int operand)
{
	return dnnl_primitive_desc_query_md(w->pd, dnnl_query_exec_arg_md, w->args[operand]);
}

/* An operand's memory in the layout that the primitive has chosen, with our values in it. */
static void make_memory(struct way *w, int i)
{
	const struct operand *o = &w->operands[i];
	api_desc ours;
	dnnl_memory_t staging;
	w->memory[i] = calloc(o->sets, sizeof *w->memory[i]);
	if (w->memory[i] == NULL)
		bench_fail("no memory");
	check(api_desc_strides(&ours, o->rank, o->dims, o->strides), "descriptor");
	check(dnnl_memory_create(&staging, ours, engine, DNNL_MEMORY_ALLOCATE), "memory");
	for (size_t set = 0; set < o->sets; set++) {
		check(dnnl_memory_create(&w->memory[i][set], chosen_desc(w, i), engine, DNNL_MEMORY_ALLOCATE), "memory");
		if (i == w->made)
			continue;
		copy_values(staging, o->values + set * o->count, NULL, o->count);
		reorder(ours, staging, chosen_desc(w, i), w->memory[i][set]);
	}
	dnnl_memory_destroy(staging);
	api_desc_destroy(ours);
}

static void set_arguments(struct way *w)
{
	static const int forward[OPERANDS] = { DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST };
	static const int data[OPERANDS] = { DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST };
	static const int weights[OPERANDS] = { DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST };
	const bool backward_data = w->operation.pass == API_BACKWARD_DATA;
	w->made = w->operation.pass == API_FORWARD ? DST : backward_data ? SRC : WEIGHTS;
	memcpy(w->args, w->operation.pass == API_FORWARD ? forward : backward_data ? data : weights, sizeof w->args);
}

static bool create_desc(struct way *w)
{
	api_desc any[OPERANDS];
	dnnl_primitive_desc_t hint = NULL;
	struct api_operation forward = w->operation;
	forward.pass = API_FORWARD;
	for (int i = 0; i < OPERANDS; i++)
		check(api_desc_any(&any[i], w->operands[i].rank, w->operands[i].dims), "descriptor");
	dnnl_status_t status = dnnl_success;
	if (w->operation.pass != API_FORWARD)
		status = api_operation_create(&hint, engine, &forward, any[SRC], any[WEIGHTS], any[DST], NULL);
	if (status == dnnl_success)
		status = api_operation_create(&w->pd, engine, &w->operation, any[SRC], any[WEIGHTS], any[DST], hint);
	if (hint != NULL)
		dnnl_primitive_desc_destroy(hint);
	for (int i = 0; i < OPERANDS; i++)
		api_desc_destroy(any[i]);
	return status == dnnl_success;
}

static bool create_way(struct way *w)
{
	const char *implementation = "";
	set_arguments(w);
	if (!create_desc(w))
		return false;
	check(dnnl_primitive_create(&w->primitive, w->pd), w->name);
	for (int i = 0; i < OPERANDS; i++)
		make_memory(w, i);
	dnnl_primitive_desc_query(w->pd, dnnl_query_impl_info_str, 0, (void *)&implementation);
	snprintf(w->how, sizeof w->how, "%s, %s", w->name, implementation);
	return true;
}

static void destroy_way(struct way *w)
{
	for (int i = 0; i < OPERANDS; i++) {
		for (size_t set = 0; w->memory[i] != NULL && set < w->operands[i].sets; set++)
			dnnl_memory_destroy(w->memory[i][set]);
		free(w->memory[i]);
	}
	if (w->primitive != NULL)
		dnnl_primitive_destroy(w->primitive);
	if (w->packing != NULL)
		dnnl_primitive_destroy(w->packing);
	if (w->plain != NULL)
		dnnl_memory_destroy(w->plain);
	if (w->pd != NULL)
		dnnl_primitive_desc_destroy(w->pd);
	free(w);
}

static void run(void *layer, size_t set)
{
	const struct way *w = layer;
	dnnl_exec_arg_t args[OPERANDS];
	for (int i = 0; i < OPERANDS; i++)
		args[i] = (dnnl_exec_arg_t){ w->args[i], w->memory[i][set % w->operands[i].sets] };
	if (dnnl_primitive_execute(w->primitive, stream, OPERANDS, args) != dnnl_success ||
	    dnnl_stream_wait(stream) != dnnl_success)
		bench_fail("oneDNN: %s failed", w->name);
}

/* Which operand has the layer's weights: a product of matrices may make them as what is called its destination. */
static int weights_of(const struct way *w)
{
	for (int i = 0; i < OPERANDS; i++)
		if (w->operands[i].weights)
			return i;
	return WEIGHTS;
}

static void make_packing(struct way *w, int i)
{
	const struct operand *o = &w->operands[i];
	api_desc ours;
	check(api_desc_strides(&ours, o->rank, o->dims, o->strides), "descriptor");
	check(dnnl_memory_create(&w->plain, ours, engine, DNNL_MEMORY_ALLOCATE), "memory");
	w->packing = i == w->made ? create_reorder(chosen_desc(w, i), ours) : create_reorder(ours, chosen_desc(w, i));
	api_desc_destroy(ours);
}

static void pack(void *layer)
{
	struct way *w = layer;
	const int i = weights_of(w);
	if (w->packing == NULL)
		make_packing(w, i);
	run_reorder(w->packing, i == w->made ? w->memory[i][0] : w->plain, i == w->made ? w->plain : w->memory[i][0]);
}

/* --- the ways there are --- */

/* Channels last: logical order is batch, channels, height, width. */
static struct operand image(const struct bench_problem *p, bool src)
{
	const sgan_conv_desc *d = p->desc;
	const dnnl_dim_t h = (dnnl_dim_t)(src ? d->in_h : p->out_h), w = (dnnl_dim_t)(src ? d->in_w : p->out_w);
	const dnnl_dim_t c = (dnnl_dim_t)(src ? d->in_c : d->out_c);
	return (struct operand){ .rank = 4,
		                     .dims = { (dnnl_dim_t)p->n, c, h, w },
		                     .strides = { h * w * c, 1, w * c, c },
		                     .values = src ? p->src : p->dst,
		                     .count = src ? p->src_count : p->dst_count,
		                     .sets = p->sets };
}

/* Ours are [kernel_h, kernel_w, rows, columns]; logical order is output channels, input channels, height, width, and
 * either may be the rows. */
static struct operand filter(const struct bench_problem *p, size_t rows, size_t columns, bool output_rows)
{
	const dnnl_dim_t r = (dnnl_dim_t)rows, c = (dnnl_dim_t)columns;
	const dnnl_dim_t h = (dnnl_dim_t)p->desc->kernel_h, w = (dnnl_dim_t)p->desc->kernel_w;
	return (struct operand){ .rank = 4,
		                     .dims = { output_rows ? r : c, output_rows ? c : r, h, w },
		                     .strides = { output_rows ? c : 1, output_rows ? 1 : c, w * r * c, r * c },
		                     .values = p->weights,
		                     .count = p->weight_count,
		                     .sets = 1,
		                     .weights = true };
}

/* Our [rows, columns], or its transpose. */
static struct operand matrix(const real *values, size_t rows, size_t columns, bool transposed, size_t sets)
{
	const dnnl_dim_t r = (dnnl_dim_t)rows, c = (dnnl_dim_t)columns;
	return (struct operand){ .rank = 2,
		                     .dims = { transposed ? c : r, transposed ? r : c },
		                     .strides = { transposed ? 1 : c, transposed ? c : 1 },
		                     .values = values,
		                     .count = rows * columns,
		                     .sets = sets,
		                     .weights = sets == 1 };
}

/* Padding is given as needed: what the last window does not reach is none. */
static void set_window(struct api_operation *op, const sgan_conv_desc *d, const dnnl_dims_t large,
                       const dnnl_dims_t small)
{
	const size_t kernel[2] = { d->kernel_h, d->kernel_w }, strides[2] = { d->stride_h, d->stride_w };
	const size_t pads[2] = { d->pad_top, d->pad_left };
	for (int i = 0; i < 2; i++) {
		const dnnl_dim_t stride = (dnnl_dim_t)strides[i], pad = (dnnl_dim_t)pads[i];
		const dnnl_dim_t needed = (small[2 + i] - 1) * stride + (dnnl_dim_t)kernel[i] - pad - large[2 + i];
		op->strides[i] = stride;
		op->pad_left[i] = pad;
		op->pad_right[i] = needed > 0 ? needed : 0;
	}
}

static struct way *new_way(const struct bench_problem *p, const char *name, enum api_kind kind, enum api_pass pass)
{
	struct way *w = calloc(1, sizeof *w);
	if (w == NULL)
		bench_fail("no memory");
	w->name = name;
	w->operation.kind = kind;
	w->operation.pass = pass;
	w->sets = p->sets;
	return w;
}

static const enum api_pass same_pass[SGAN_PASS_COUNT] = { API_FORWARD, API_BACKWARD_DATA, API_BACKWARD_WEIGHTS };
static const enum api_pass other_pass[SGAN_PASS_COUNT] = { API_BACKWARD_DATA, API_FORWARD, API_BACKWARD_WEIGHTS };

static struct way *convolution(const struct bench_problem *p)
{
	struct way *w = new_way(p, "convolution", API_CONVOLUTION, same_pass[p->pass]);
	w->operands[SRC] = image(p, true);
	w->operands[DST] = image(p, false);
	w->operands[WEIGHTS] = filter(p, p->desc->in_c, p->desc->out_c, false);
	set_window(&w->operation, p->desc, w->operands[SRC].dims, w->operands[DST].dims);
	return w;
}

static struct way *deconvolution(const struct bench_problem *p)
{
	struct way *w = new_way(p, "deconvolution", API_DECONVOLUTION, same_pass[p->pass]);
	w->operands[SRC] = image(p, true);
	w->operands[DST] = image(p, false);
	w->operands[WEIGHTS] = filter(p, p->desc->out_c, p->desc->in_c, true);
	set_window(&w->operation, p->desc, w->operands[DST].dims, w->operands[SRC].dims);
	return w;
}

/* The convolution that a deconvolution is the gradient of: from what we call dst to src. */
static struct way *exchanged_convolution(const struct bench_problem *p)
{
	static const char *const names[SGAN_PASS_COUNT] = { "convolution backward-data", "convolution forward",
		                                                "convolution backward-weights" };
	struct way *w = new_way(p, names[p->pass], API_CONVOLUTION, other_pass[p->pass]);
	w->operands[SRC] = image(p, false);
	w->operands[DST] = image(p, true);
	w->operands[WEIGHTS] = filter(p, p->desc->out_c, p->desc->in_c, false);
	set_window(&w->operation, p->desc, w->operands[SRC].dims, w->operands[DST].dims);
	return w;
}

static struct way *inner_product(const struct bench_problem *p)
{
	struct way *w = new_way(p, "inner product", API_INNER_PRODUCT, same_pass[p->pass]);
	w->operands[SRC] = matrix(p->src, p->n, p->desc->in_c, false, p->sets);
	w->operands[DST] = matrix(p->dst, p->n, p->desc->out_c, false, p->sets);
	w->operands[WEIGHTS] = matrix(p->weights, p->desc->in_c, p->desc->out_c, true, 1);
	return w;
}

/* src W = dst; dst W' = src; src' dst = W, each as a product of the first two. */
static struct way *matrix_product(const struct bench_problem *p)
{
	const size_t in = p->desc->in_c, out = p->desc->out_c;
	struct way *w = new_way(p, "matmul", API_MATMUL, API_FORWARD);
	const bool weights = p->pass == SGAN_BACKWARD_WEIGHTS, data = p->pass == SGAN_BACKWARD_DATA;
	w->operands[SRC] = data ? matrix(p->dst, p->n, out, false, p->sets) : matrix(p->src, p->n, in, weights, p->sets);
	w->operands[WEIGHTS] = weights ? matrix(p->dst, p->n, out, false, p->sets) : matrix(p->weights, in, out, data, 1);
	w->operands[DST] = weights ? matrix(p->weights, in, out, false, 1)
	                   : data  ? matrix(p->src, p->n, in, false, p->sets)
	                           : matrix(p->dst, p->n, out, false, p->sets);
	return w;
}

/* --- the best of them --- */

static void try_way(struct way *w)
{
	double times[TRIAL_RUNS];
	if (own_threads() && thread_count > 1)
		bench_let_threads_sleep();
	for (size_t r = 0; r < 2; r++)
		run(w, r % w->sets);
	for (size_t r = 0; r < TRIAL_RUNS; r++) {
		double begun = bench_now();
		run(w, (r + 2) % w->sets);
		times[r] = bench_now() - begun;
	}
	w->seconds = bench_median(times, TRIAL_RUNS);
}

static struct way *better(struct way *a, struct way *b)
{
	struct way *ways[2] = { a, b };
	for (int i = 0; i < 2; i++)
		if (!create_way(ways[i])) {
			destroy_way(ways[i]);
			ways[i] = NULL;
		} else {
			try_way(ways[i]);
		}
	if (ways[0] == NULL || ways[1] == NULL)
		return ways[0] != NULL ? ways[0] : ways[1];
	const int worse = ways[0]->seconds < ways[1]->seconds;
	destroy_way(ways[worse]);
	return ways[!worse];
}

static void *layer_create(const struct bench_problem *p)
{
	if (p->dense)
		return better(inner_product(p), matrix_product(p));
	if (p->desc->kind == SGAN_DECONV)
		return better(deconvolution(p), exchanged_convolution(p));
	struct way *w = convolution(p);
	if (create_way(w))
		return w;
	destroy_way(w);
	return NULL;
}

static const char *layer_how(const void *layer)
{
	return ((const struct way *)layer)->how;
}

static void layer_result(void *layer, size_t set, real *result)
{
	const struct way *w = layer;
	const struct operand *o = &w->operands[w->made];
	api_desc ours;
	dnnl_memory_t staging;
	check(api_desc_strides(&ours, o->rank, o->dims, o->strides), "descriptor");
	check(dnnl_memory_create(&staging, ours, engine, DNNL_MEMORY_ALLOCATE), "memory");
	reorder(chosen_desc(w, w->made), w->memory[w->made][set % o->sets], ours, staging);
	copy_values(staging, NULL, result, o->count);
	dnnl_memory_destroy(staging);
	api_desc_destroy(ours);
}

static void layer_destroy(void *layer)
{
	destroy_way(layer);
}

const struct bench_peer bench_peer_onednn = { .name = "onednn",
	                                          .begin = begin,
	                                          .describe = describe,
	                                          .own_threads = own_threads,
	                                          .layer_create = layer_create,
	                                          .layer_run = run,
	                                          .layer_pack = pack,
	                                          .layer_how = layer_how,
	                                          .layer_result = layer_result,
	                                          .layer_destroy = layer_destroy };
