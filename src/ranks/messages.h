/* Messages between ranks, and waiting for them: what of MPI the exchange of sums needs. */
#ifndef SGAN_RANKS_MESSAGES_H
#define SGAN_RANKS_MESSAGES_H

#include <mpi.h>

#include "src/ranks/ranks.h"

/* Messages on their way. */
struct sgan_messages {
	MPI_Comm comm;
	int rank, count;
	size_t under_way, room;
	MPI_Request *requests; /* [room] */
	MPI_Status *statuses;  /* [room] */
};

void sgan_messages_free(struct sgan_messages *m);

/* Values of a type in `blocks` blocks of `length`, each `stride` values behind the one before. */
struct sgan_layout {
	sgan_element type;
	size_t blocks, length, stride;
};

/* Begins a message to, or from, another rank; one of no values is none. Those between two ranks arrive in their order. */
sgan_status sgan_message_send(struct sgan_messages *m, int to, const void *data, struct sgan_layout layout);
sgan_status sgan_message_receive(struct sgan_messages *m, int from, void *data, struct sgan_layout layout);

/* The same of bytes. */
sgan_status sgan_message_send_bytes(struct sgan_messages *m, int to, const void *data, size_t bytes);
sgan_status sgan_message_receive_bytes(struct sgan_messages *m, int from, void *data, size_t bytes);

/* All that were begun since `from` of them were under way have arrived. */
sgan_status sgan_messages_wait(struct sgan_messages *m, size_t from);

/* A failure of MPI's as one of ours. */
sgan_status sgan_mpi_status(int error);

#endif
