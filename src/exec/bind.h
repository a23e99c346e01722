/* The CPUs that a thread may run on, as the system numbers them. */
#ifndef SGAN_EXEC_BIND_H
#define SGAN_EXEC_BIND_H

#include <pthread.h>

/* What a thread may use now; NULL: not known here, or no memory. The caller gives it back with sgan_binding_restore. */
struct sgan_binding *sgan_binding_of(pthread_t thread);

/* Binds a thread to CPUs; where the system does not do it, the thread stays as it was. */
void sgan_bind(pthread_t thread, const int *cpus, int count);

/* Gives the thread what it could use, if it is the calling one, and frees the binding; NULL is allowed. */
void sgan_binding_restore(struct sgan_binding *binding, pthread_t thread);

#endif
