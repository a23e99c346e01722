/* On a machine with NUMA nodes: after some steps of training, whether the pages of each node's images, and each node's
 * packed weights, are on that node.
 *
 * usage: numa_pages PRESET THREADS
 *
 * Exit status 77 where there is but one node, 1 where less than 95 % of the pages of a tensor's share of 64 KiB or more, or
 * of all packed weights, are in their place. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif
#include <unistd.h>

#include "src/exec/ctx.h"
#include "src/machine/placement.h"
#include "src/nn/internal.h"
#include "src/sgan/objective/session.h"
#include "src/sgan/preset/preset.h"

enum { BATCH = 64, STEPS = 2, CLASSES = 10, SKIP = 77, LEAST_BYTES = 64 << 10 };
static const double least_share = 0.95;

static void must(sgan_status status)
{
	if (status == SGAN_OK)
		return;
	fprintf(stderr, "numa_pages: %s\n", sgan_last_error());
	exit(1);
}

/* Whole pages of a node's memory: how many there are, and how many are where they should be. */
struct pages {
	size_t all, home;
};

/* The node of a page; -1 where it has none yet. */
static void where_is(void *address, int *node)
{
#if defined __linux__ && defined SYS_move_pages
	if (syscall(SYS_move_pages, 0, 1ul, &address, NULL, node, 0) == 0)
		return;
	printf("skipped: move_pages: %s\n", strerror(errno));
#else
	(void)address, (void)node;
	printf("skipped: this system does not tell where pages are\n");
#endif
	exit(errno == EPERM || errno == ENOSYS || errno == 0 ? SKIP : 1);
}

static void count_pages(const void *memory, size_t begin, size_t end, int node, struct pages *count)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	for (size_t at = begin + (page - ((uintptr_t)memory + begin) % page) % page; at + page <= end; at += page) {
		void *address = (char *)memory + at;
		int status = -1;
		where_is(address, &status);
		count->all++;
		count->home += status == node;
	}
}

struct found {
	const struct sgan_places *places;
	size_t tensors, missed;
	struct pages packed;
};

/* A tensor of a batch; each node's share of it. */
static void check_tensor(struct found *f, const char *net, const char *layer, const void *memory, size_t size)
{
	for (size_t i = 0; memory != NULL && i < f->places->nodes; i++) {
		const struct sgan_thread_range images = sgan_places_share(f->places, f->places->node[i].threads, BATCH);
		struct pages pages = { 0, 0 };
		if (images.count * size < LEAST_BYTES)
			continue;
		count_pages(memory, images.first * size, (images.first + images.count) * size, f->places->node[i].system, &pages);
		f->tensors++;
		if ((double)pages.home >= least_share * (double)pages.all)
			continue;
		f->missed++;
		printf("%s.%s: %zu of %zu pages on node %d\n", net, layer, pages.home, pages.all, f->places->node[i].system);
	}
}

static void check_tape(struct found *f, const struct sgan_tape *tape)
{
	for (size_t i = 0; tape != NULL && i < tape->net->desc.layer_count; i++) {
		const struct sgan_activation *at = &tape->at[i];
		const char *net = tape->net->desc.name, *layer = tape->net->desc.layers[i].name;
		const size_t size = tape->net->nodes[i].size * sizeof(real);
		check_tensor(f, net, layer, at->own, size);
		check_tensor(f, net, layer, at->grad, size);
		check_tensor(f, net, layer, at->linear, size);
	}
}

static void check_packed(struct found *f, const struct sgan_part *part)
{
	for (size_t i = 0; i < part->net->desc.layer_count; i++)
		for (int pass = 0; pass < SGAN_PASS_COUNT; pass++) {
			const struct sgan_node *node = &part->net->nodes[i];
			const size_t bytes = node->packed_bytes[pass];
			if (part->params->fresh[i][pass] != f->places->nodes)
				continue; /* no pass has read it */
			for (size_t k = 0; k < f->places->nodes; k++)
				count_pages(part->params->packed + node->packed_offset[pass], k * bytes, (k + 1) * bytes,
				            f->places->node[k].system, &f->packed);
		}
}

static void check_session(struct found *f, const struct sgan_session *s)
{
	for (size_t i = 0; i < s->model->stack_count; i++) {
		const struct sgan_stack_tapes *t = &s->tapes[i];
		check_tape(f, t->encoder_generated);
		check_tape(f, t->generator);
		check_tape(f, t->discriminator_real);
		check_tape(f, t->discriminator_generated);
		check_tape(f, s->encoder[i]);
		check_packed(f, &s->model->stacks[i].generator);
		check_packed(f, &s->model->stacks[i].discriminator);
	}
}

static void train(sgan_ctx *ctx, struct sgan_model *model, struct sgan_session *s)
{
	const size_t size = model->input.size;
	real *x = sgan_places_alloc(ctx->places, BATCH, size * sizeof *x);
	uint32_t labels[BATCH];
	if (x == NULL)
		must(SGAN_ENOMEM);
	must(sgan_random_uniform(ctx, 1, 0, 0, 0, BATCH * size, x));
	for (size_t i = 0; i < BATCH; i++)
		labels[i] = (uint32_t)(i % CLASSES);
	for (int i = 0; i < STEPS; i++) {
		must(sgan_session_batch(s, BATCH, x, labels));
		must(sgan_discriminator_step(s));
		must(sgan_generator_step(s));
	}
	must(sgan_session_batch(s, BATCH, x, labels)); /* whose passes pack what the updates changed */
	must(sgan_discriminator_step(s));
	sgan_free(x);
}

int main(int argc, char **argv)
{
	static const char *const settings[] = { "batch=64" };
	struct sgan_placement placement;
	struct sgan_preset *preset;
	struct sgan_model *model;
	struct sgan_session *session;
	sgan_ctx *ctx;
	if (argc != 3)
		return 2;
	const int threads = atoi(argv[2]);
	must(sgan_placement_here((size_t)threads, SGAN_BIND_NODE, &placement));
	if (placement.nodes < 2) {
		printf("skipped: one NUMA node\n");
		sgan_placement_free(&placement);
		return SKIP;
	}
	must(sgan_ctx_create(&(sgan_ctx_options){ .threads = threads, .places = placement.place }, &ctx));
	must(sgan_preset_load(argv[1], settings, 1, &preset));
	must(sgan_preset_settle(&preset, CLASSES));
	must(sgan_model_create(ctx, preset, BATCH, true, &model));
	must(sgan_model_init(ctx, model, SGAN_STAGE_ENCODER));
	must(sgan_model_init(ctx, model, SGAN_STAGE_INDEPENDENT));
	must(sgan_session_create(ctx, model, SGAN_STAGE_INDEPENDENT, &session));
	train(ctx, model, session);
	struct found found = { .places = ctx->places };
	check_session(&found, session);
	const double share = found.packed.all > 0 ? (double)found.packed.home / (double)found.packed.all : 0;
	printf("%zu nodes; %zu shares of tensors, %zu of them not in place; %zu of %zu pages of packed weights in place\n",
	       ctx->places->nodes, found.tensors, found.missed, found.packed.home, found.packed.all);
	sgan_session_destroy(session);
	sgan_model_destroy(model);
	sgan_preset_free(preset);
	sgan_ctx_destroy(ctx);
	sgan_placement_free(&placement);
	return found.tensors == 0 || found.missed > 0 || share < least_share;
}
