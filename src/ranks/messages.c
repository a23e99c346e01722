/* See messages.h. It must not know what messages are about. */
#include "src/ranks/messages.h"

#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "src/cpu/status.h"

enum { TAG = 1 };

sgan_status sgan_mpi_status(int error)
{
	char text[MPI_MAX_ERROR_STRING] = "unknown error";
	int length;
	if (error == MPI_SUCCESS)
		return SGAN_OK;
	MPI_Error_string(error, text, &length);
	return sgan_fail(SGAN_EIO, "the other ranks cannot be reached: %.200s", text);
}

void sgan_messages_free(struct sgan_messages *m)
{
	free(m->requests);
	free(m->statuses);
}

static sgan_status make_room(struct sgan_messages *m)
{
	const size_t room = m->room ? 2 * m->room : 64;
	MPI_Request *requests = realloc(m->requests, room * sizeof *requests);
	if (requests)
		m->requests = requests;
	MPI_Status *statuses = realloc(m->statuses, room * sizeof *statuses);
	if (statuses)
		m->statuses = statuses;
	if (!requests || !statuses)
		return sgan_fail(SGAN_ENOMEM, "no memory for %zu messages at a time", room);
	m->room = room;
	return SGAN_OK;
}

static sgan_status next_request(struct sgan_messages *m, MPI_Request **request)
{
	if (m->under_way == m->room)
		SGAN_TRY(make_room(m));
	*request = &m->requests[m->under_way++];
	**request = MPI_REQUEST_NULL;
	return SGAN_OK;
}

static sgan_status make_type(struct sgan_layout l, MPI_Datatype *type)
{
	if (l.blocks > INT_MAX || l.length > INT_MAX || l.stride > INT_MAX)
		return sgan_fail(SGAN_EUNSUPPORTED, "a tensor of %zu elements is too large for messages", l.stride);
	SGAN_TRY(sgan_mpi_status(MPI_Type_vector((int)l.blocks, (int)l.length, (int)l.stride,
	                                         l.type == SGAN_DOUBLE ? MPI_DOUBLE : MPI_FLOAT, type)));
	return sgan_mpi_status(MPI_Type_commit(type));
}

/* A message to a peer, or from it; what is sent is not written. */
static sgan_status begin(struct sgan_messages *m, bool send, int peer, void *data, int count, MPI_Datatype type)
{
	MPI_Request *request;
	SGAN_TRY(next_request(m, &request));
	return sgan_mpi_status(send ? MPI_Isend(data, count, type, peer, TAG, m->comm, request)
	                            : MPI_Irecv(data, count, type, peer, TAG, m->comm, request));
}

static sgan_status begin_layout(struct sgan_messages *m, bool send, int peer, void *data, struct sgan_layout layout)
{
	MPI_Datatype type;
	if (layout.blocks == 0 || layout.length == 0)
		return SGAN_OK;
	SGAN_TRY(make_type(layout, &type));
	const sgan_status status = begin(m, send, peer, data, 1, type);
	MPI_Type_free(&type); /* when it is not needed any more */
	return status;
}

static sgan_status begin_bytes(struct sgan_messages *m, bool send, int peer, void *data, size_t bytes)
{
	if (bytes > INT_MAX)
		return sgan_fail(SGAN_EUNSUPPORTED, "%zu bytes are too many for a message", bytes);
	return bytes > 0 ? begin(m, send, peer, data, (int)bytes, MPI_BYTE) : SGAN_OK;
}

sgan_status sgan_message_send(struct sgan_messages *m, int to, const void *data, struct sgan_layout layout)
{
	return begin_layout(m, true, to, (void *)(uintptr_t)data, layout);
}

sgan_status sgan_message_receive(struct sgan_messages *m, int from, void *data, struct sgan_layout layout)
{
	return begin_layout(m, false, from, data, layout);
}

sgan_status sgan_message_send_bytes(struct sgan_messages *m, int to, const void *data, size_t bytes)
{
	return begin_bytes(m, true, to, (void *)(uintptr_t)data, bytes);
}

sgan_status sgan_message_receive_bytes(struct sgan_messages *m, int from, void *data, size_t bytes)
{
	return begin_bytes(m, false, from, data, bytes);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Who waits spins for as long as a message over a network takes, then gives way to others on its core, then sleeps: MPI's
 * own waiting takes a core for as long as it lasts, such as while rank 0 draws pictures. */
static void pause_after(double seconds)
{
	if (seconds < 2e-4)
		return;
	if (seconds < 5e-3) {
		sched_yield();
		return;
	}
	const struct timespec some = { .tv_nsec = seconds < 1 ? 50000 : 1000000 };
	nanosleep(&some, NULL);
}

/* Of several messages, the first that failed. */
static int first_error(const struct sgan_messages *m, size_t from)
{
	for (size_t i = from; i < m->under_way; i++)
		if (m->statuses[i].MPI_ERROR != MPI_SUCCESS && m->statuses[i].MPI_ERROR != MPI_ERR_PENDING)
			return m->statuses[i].MPI_ERROR;
	return MPI_ERR_IN_STATUS;
}

sgan_status sgan_messages_wait(struct sgan_messages *m, size_t from)
{
	const double begin = now();
	while (m->under_way > from) {
		int all = 0;
		const int error = MPI_Testall((int)(m->under_way - from), m->requests + from, &all, m->statuses + from);
		SGAN_TRY(sgan_mpi_status(error == MPI_ERR_IN_STATUS ? first_error(m, from) : error));
		if (all)
			break;
		pause_after(now() - begin);
	}
	m->under_way = from;
	return SGAN_OK;
}
