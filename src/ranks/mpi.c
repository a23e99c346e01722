/* Ranks by MPI.
 *
 * What a step exchanges goes from rank to rank in messages of our own, so that it is known who sends how many bytes: small
 * sums to all by dissemination (Bruck et al. 1997), in as few rounds as log2 of the ranks; of large ones each rank is sent
 * the share of elements that it adds, and sends its sums to all. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/ranks/launcher.h"
#include "src/ranks/messages.h"

struct sgan_ranks {
	struct sgan_messages messages;
	size_t sharers, neighbours;
	size_t *offsets; /* [count + 1], of what is being brought together */
	uint64_t *words; /* [count, WORDS] */
	bool agreed;     /* all know that one has failed */
	bool silent;     /* which is another */
};

enum { WORDS = 8 };

/* --- beginning and end --- */

/* How many ranks have this one's CPUs, all of them and no others. */
static sgan_status count_sharers(struct sgan_ranks *r)
{
	MPI_Comm node;
	cpu_set_t mine;
	int count = 0;
	CPU_ZERO(&mine);
	const bool known =
		sched_getaffinity(0, sizeof mine, &mine) == 0; /* not where there are more CPUs than it has bits */
	SGAN_TRY(sgan_mpi_status(
		MPI_Comm_split_type(r->messages.comm, MPI_COMM_TYPE_SHARED, r->messages.rank, MPI_INFO_NULL, &node)));
	MPI_Comm_size(node, &count);
	cpu_set_t *all = calloc((size_t)count, sizeof *all);
	if (!all)
		return sgan_fail(SGAN_ENOMEM, "no memory for the CPUs of %d ranks", count);
	const sgan_status status =
		sgan_mpi_status(MPI_Allgather(&mine, sizeof mine, MPI_BYTE, all, sizeof mine, MPI_BYTE, node));
	for (int i = 0; i < count && known; i++)
		r->sharers += CPU_EQUAL(&all[i], &mine) != 0;
	r->sharers += !known;
	r->neighbours = (size_t)count;
	free(all);
	MPI_Comm_free(&node);
	return status;
}

static sgan_status join(struct sgan_ranks *r)
{
	struct sgan_messages *m = &r->messages;
	SGAN_TRY(sgan_mpi_status(MPI_Comm_dup(MPI_COMM_WORLD, &m->comm)));
	MPI_Comm_rank(m->comm, &m->rank);
	r->offsets = calloc((size_t)m->count + 1, sizeof *r->offsets);
	r->words = calloc((size_t)m->count, WORDS * sizeof *r->words);
	if (!r->offsets || !r->words)
		return sgan_fail(SGAN_ENOMEM, "no memory for %d ranks", m->count);
	return count_sharers(r);
}

static sgan_status start(size_t launched, int *count)
{
	int level;
	if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS || level < MPI_THREAD_FUNNELED)
		return sgan_fail(SGAN_EUNSUPPORTED, "MPI does not start");
	MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN); /* those made of it have it, too */
	MPI_Comm_size(MPI_COMM_WORLD, count);
	if (launched > 0 && launched != (size_t)*count)
		return MPI_Finalize(),
		       sgan_fail(
				   SGAN_EUNSUPPORTED,
				   "started as one of %zu processes, of which this build's MPI sees %d: the launcher is another MPI's",
				   launched, *count);
	return SGAN_OK;
}

sgan_status sgan_ranks_open(struct sgan_ranks **ranks)
{
	size_t launched;
	int count;
	*ranks = NULL;
	if (!sgan_launched(&launched))
		return SGAN_OK;
	SGAN_TRY(start(launched, &count));
	if (count == 1)
		return MPI_Finalize(), SGAN_OK;
	*ranks = calloc(1, sizeof **ranks);
	if (!*ranks)
		return sgan_fail(SGAN_ENOMEM, "no memory for %d ranks", count);
	(*ranks)->messages.count = count;
	return join(*ranks);
}

void sgan_ranks_close(struct sgan_ranks *r, sgan_status status, int exit_code)
{
	if (!r)
		return;
	if (status != SGAN_OK && !r->agreed)
		MPI_Abort(MPI_COMM_WORLD, exit_code);
	MPI_Comm_free(&r->messages.comm);
	MPI_Finalize();
	sgan_messages_free(&r->messages);
	free(r->offsets);
	free(r->words);
	free(r);
}

size_t sgan_ranks_number(const struct sgan_ranks *r)
{
	return r ? (size_t)r->messages.rank : 0;
}

size_t sgan_ranks_count(const struct sgan_ranks *r)
{
	return r ? (size_t)r->messages.count : 1;
}

size_t sgan_ranks_sharers(const struct sgan_ranks *r)
{
	return r ? r->sharers : 1;
}

size_t sgan_ranks_neighbours(const struct sgan_ranks *r)
{
	return r ? r->neighbours : 1;
}

/* --- to all --- */

/* The blocks of ranks first .. first + count - 1, counted around, are one range of bytes or two. */
static sgan_status pass_blocks(struct sgan_ranks *r, bool send, int peer, size_t first, size_t count, char *data)
{
	const size_t ranks = (size_t)r->messages.count;
	while (count > 0) {
		first %= ranks;
		const size_t end = first + count < ranks ? first + count : ranks;
		const size_t bytes = r->offsets[end] - r->offsets[first];
		char *at = data + r->offsets[first];
		SGAN_TRY(send ? sgan_message_send_bytes(&r->messages, peer, at, bytes)
		              : sgan_message_receive_bytes(&r->messages, peer, at, bytes));
		count -= end - first;
		first = end;
	}
	return SGAN_OK;
}

/* Brings everybody's block to all: rank q's is bytes offsets[q] .. offsets[q + 1] - 1. After round k a rank has the blocks
 * of the 2^k ranks from itself on. */
static sgan_status disseminate(struct sgan_ranks *r, char *data)
{
	const size_t ranks = (size_t)r->messages.count, me = (size_t)r->messages.rank, from = r->messages.under_way;
	for (size_t have = 1; have < ranks; have *= 2) {
		const size_t more = have < ranks - have ? have : ranks - have, next = (me + have) % ranks;
		SGAN_TRY(pass_blocks(r, false, (int)next, next, more, data));
		SGAN_TRY(pass_blocks(r, true, (int)((me + ranks - have) % ranks), me, more, data));
		SGAN_TRY(sgan_messages_wait(&r->messages, from));
	}
	return SGAN_OK;
}

/* Blocks of `unit` bytes for each of `all` things that ranks have a share of. */
static void set_offsets(struct sgan_ranks *r, size_t all, size_t unit)
{
	const size_t ranks = (size_t)r->messages.count;
	for (size_t q = 0; q <= ranks; q++)
		r->offsets[q] = sgan_ranks_first(all, q, ranks) * unit;
}

static size_t element_size(sgan_element type)
{
	return type == SGAN_DOUBLE ? sizeof(double) : sizeof(float);
}

static sgan_status gather(void *arg, const sgan_partials *p)
{
	struct sgan_ranks *r = arg;
	set_offsets(r, p->slices, p->count * element_size(p->type));
	return disseminate(r, p->data);
}

/* A piece along a binomial tree: a rank has it from the one without its lowest bit, and hands it on to those with one
 * lower bit more. */
static sgan_status tell_piece(struct sgan_ranks *r, char *data, size_t bytes)
{
	const int me = r->messages.rank, count = r->messages.count;
	const size_t from = r->messages.under_way;
	int bit = 1;
	while (bit < count && (me & bit) == 0)
		bit *= 2;
	if (me > 0)
		SGAN_TRY(sgan_message_receive_bytes(&r->messages, me - bit, data, bytes));
	SGAN_TRY(sgan_messages_wait(&r->messages, from));
	while ((bit /= 2) > 0)
		if (me + bit < count)
			SGAN_TRY(sgan_message_send_bytes(&r->messages, me + bit, data, bytes));
	return sgan_messages_wait(&r->messages, from);
}

sgan_status sgan_ranks_tell(struct sgan_ranks *r, void *data, size_t size)
{
	enum { PIECE = 1 << 24 };
	for (size_t done = 0; r && done < size; done += PIECE)
		SGAN_TRY(tell_piece(r, (char *)data + done, size - done < PIECE ? size - done : PIECE));
	return SGAN_OK;
}

sgan_status sgan_ranks_most(struct sgan_ranks *r, size_t count, uint64_t *values)
{
	if (!r)
		return SGAN_OK;
	if (count > WORDS)
		return sgan_fail(SGAN_EINVAL, "%zu values to be compared, at most %d", count, WORDS);
	const size_t ranks = (size_t)r->messages.count, me = (size_t)r->messages.rank;
	uint64_t *all = r->words;
	memcpy(all + me * count, values, count * sizeof *values);
	set_offsets(r, ranks, count * sizeof *values);
	const sgan_status status = disseminate(r, (char *)all);
	for (size_t i = 0; i < ranks * count; i++)
		if (all[i] > values[i % count])
			values[i % count] = all[i];
	return status;
}

sgan_status sgan_ranks_agree(struct sgan_ranks *r, sgan_status status)
{
	enum { BITS = 8 };
	if (!r)
		return status;
	/* the largest is the first rank's that has failed */
	const uint64_t ranks = (uint64_t)r->messages.count, me = (uint64_t)r->messages.rank;
	const uint64_t mine = status == SGAN_OK ? 0 : (ranks - me) << BITS | (uint64_t)status;
	uint64_t worst = mine;
	SGAN_TRY(sgan_ranks_most(r, 1, &worst));
	if (worst == 0)
		return SGAN_OK;
	r->agreed = true;
	r->silent = worst != mine;
	return r->silent ? sgan_fail((sgan_status)(worst & ((1u << BITS) - 1)), "rank %zu has failed",
	                             (size_t)(ranks - (worst >> BITS)))
	                 : status;
}

bool sgan_ranks_agreed(const struct sgan_ranks *r)
{
	return !r || r->agreed;
}

bool sgan_ranks_silent(const struct sgan_ranks *r)
{
	return r && r->silent;
}

/* --- shares --- */

static void share(void *arg, size_t all, size_t *first, size_t *count)
{
	const struct sgan_ranks *r = arg;
	const size_t ranks = (size_t)r->messages.count, me = (size_t)r->messages.rank;
	*first = sgan_ranks_first(all, me, ranks);
	*count = sgan_ranks_first(all, me + 1, ranks) - *first;
}

/* Of a tensor for each slice, the elements that are rank `to`'s to add, of the slices that are rank `from`'s. */
struct part {
	size_t first;
	struct sgan_layout layout;
};

static struct part part_of(const struct sgan_ranks *r, const sgan_partials *p, int from, int to)
{
	const size_t ranks = (size_t)r->messages.count, f = (size_t)from, t = (size_t)to;
	const size_t slice = sgan_ranks_first(p->slices, f, ranks), first = sgan_ranks_first(p->count, t, ranks);
	return (struct part){ .first = slice * p->count + first,
		                  .layout = { .type = p->type,
		                              .blocks = sgan_ranks_first(p->slices, f + 1, ranks) - slice,
		                              .length = sgan_ranks_first(p->count, t + 1, ranks) - first,
		                              .stride = p->count } };
}

/* Rank me + 1 first, so that not all send to the same one at once. */
static int peer_at(const struct sgan_ranks *r, int i)
{
	return (r->messages.rank + i) % r->messages.count;
}

static sgan_status scatter(void *arg, const sgan_partials *p)
{
	struct sgan_ranks *r = arg;
	const int me = r->messages.rank;
	char *data = p->data;
	const size_t size = element_size(p->type);
	for (int i = 1; i < r->messages.count; i++) {
		const int peer = peer_at(r, i);
		const struct part in = part_of(r, p, peer, me), out = part_of(r, p, me, peer);
		SGAN_TRY(sgan_message_receive(&r->messages, peer, data + in.first * size, in.layout));
		SGAN_TRY(sgan_message_send(&r->messages, peer, data + out.first * size, out.layout));
	}
	return SGAN_OK;
}

static sgan_status spread(void *arg, sgan_element type, size_t count, void *sums)
{
	struct sgan_ranks *r = arg;
	const int me = r->messages.rank;
	char *data = sums;
	const size_t size = element_size(type), ranks = (size_t)r->messages.count;
	const size_t first = sgan_ranks_first(count, (size_t)me, ranks),
				 end = sgan_ranks_first(count, (size_t)me + 1, ranks);
	for (int i = 1; i < r->messages.count; i++) {
		const size_t peer = (size_t)peer_at(r, i), at = sgan_ranks_first(count, peer, ranks);
		SGAN_TRY(sgan_message_receive_bytes(&r->messages, (int)peer, data + at * size,
		                                    (sgan_ranks_first(count, peer + 1, ranks) - at) * size));
		SGAN_TRY(sgan_message_send_bytes(&r->messages, (int)peer, data + first * size, (end - first) * size));
	}
	return SGAN_OK;
}

static sgan_status finish(void *arg)
{
	struct sgan_ranks *r = arg;
	return sgan_messages_wait(&r->messages, 0);
}

sgan_exchange sgan_ranks_exchange(struct sgan_ranks *r)
{
	if (!r)
		return (sgan_exchange){ .arg = NULL };
	return (sgan_exchange){
		.arg = r, .gather = gather, .share = share, .scatter = scatter, .spread = spread, .finish = finish
	};
}

sgan_status sgan_ranks_collect(struct sgan_ranks *r, const size_t *offsets, void *data)
{
	char *bytes = data;
	if (!r)
		return SGAN_OK;
	const size_t from = r->messages.under_way, me = (size_t)r->messages.rank;
	for (size_t q = 1; q < (size_t)r->messages.count && me == 0; q++)
		SGAN_TRY(sgan_message_receive_bytes(&r->messages, (int)q, bytes + offsets[q], offsets[q + 1] - offsets[q]));
	if (me > 0)
		SGAN_TRY(sgan_message_send_bytes(&r->messages, 0, bytes + offsets[me], offsets[me + 1] - offsets[me]));
	return sgan_messages_wait(&r->messages, from);
}
