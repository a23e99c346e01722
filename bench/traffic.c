/* The bytes that a step moves, counted as if every pass read its operands from memory and wrote its results there: caches
 * keep some of them from one pass to the next, and then fewer are moved. */
#include "bench/scaling.h"

/* Values per image that a network's passes read and write, and values that it learns. */
struct moved {
	double forward, to_inputs, to_weights, params;
};

static double values(const size_t shape[3])
{
	return (double)shape[0] * (double)shape[1] * (double)shape[2];
}

static void add_layer(const struct sgan_layer_desc *l, double in, double out, struct moved *m)
{
	const bool linear = sgan_layer_is_linear(l->kind);
	m->forward += in + out + (l->bn ? 3 * out : 0); /* statistics and their use read what the linear part wrote */
	/* through the activation, with a sum over the batch before normalisation's; then the linear part */
	m->to_inputs += (l->bn ? 5 : linear ? 3 : 0) * out + in + out;
	m->to_weights += linear ? in + out : 0;
}

static struct moved net_moved(const struct sgan_net_desc *desc)
{
	size_t shapes[SGAN_LAYERS][3];
	struct moved m = { 0 };
	bench_check(sgan_net_shapes(desc, shapes), "preset");
	for (size_t i = 0; i < desc->layer_count; i++) {
		double in = 0;
		for (unsigned which = 0; which < 2; which++) {
			const int source = sgan_net_desc_source(desc, i, which);
			in += source < 0 ? 0 : values(shapes[source]);
		}
		if (in > 0)
			add_layer(&desc->layers[i], in, values(shapes[i]), &m);
		m.params += (double)sgan_net_desc_parameters(desc, i, shapes);
	}
	return m;
}

/* What a network that is trained moves besides: `passes` weight gradients, each summed by slices; Adam; packing for three
 * passes. */
static void add_update(const struct bench *b, double params, double passes, struct bench_traffic *t)
{
	const double bytes = params * sizeof(real), slices = (double)b->preset->slices;
	const double partial = passes * slices * bytes;
	t->partial += partial;
	t->params += 7 * bytes;
	t->packed += 3 * bytes;
	t->memory += 2 * partial + 7 * bytes + 6 * bytes;
}

struct bench_traffic bench_step_traffic(const struct bench *b)
{
	const double n = (double)b->options.batch;
	struct bench_traffic t = { 0 };
	double moved = 0;
	for (size_t i = 0; i < b->preset->stack_count; i++) {
		struct sgan_net_desc part;
		const char *from = i > 0 ? b->preset->stacks[i - 1].cut : "";
		bench_check(sgan_net_desc_cut(&b->preset->encoder, from, b->preset->stacks[i].cut, &part), "encoder");
		const struct moved e = net_moved(&part), g = net_moved(&b->preset->stacks[i].generator);
		const struct moved d = net_moved(&b->preset->stacks[i].discriminator);
		moved += e.forward;                                                /* h(i) of the batch */
		moved += g.forward + 2 * (d.forward + d.to_inputs + d.to_weights); /* D */
		moved += g.forward + g.to_inputs + g.to_weights + d.forward + d.to_inputs + e.forward + e.to_inputs; /* G */
		add_update(b, d.params, 2, &t);
		add_update(b, g.params, 1, &t);
	}
	t.memory += n * moved * sizeof(real);
	return t;
}

/* Images stay on their node. Packed weights are copied to the others; of partial sums and of what an update reads and writes,
 * which lie where they were first written, all nodes have a share to do. */
double bench_traffic_between(const struct bench_traffic *t, size_t nodes)
{
	const double others = (double)(nodes - 1);
	return others * t->packed + others / (double)nodes * (t->partial + t->params);
}
