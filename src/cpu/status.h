/* How a function fails: it records one line for the calling thread and returns the code. */
#ifndef SGAN_CPU_STATUS_H
#define SGAN_CPU_STATUS_H

#include <sgan/sgan.h>

/* Records the message (what was being done, with what, what was found, what was
 * expected) as the thread's last error and returns status, which must not be SGAN_OK. */
sgan_status sgan_fail(sgan_status status, const char *format, ...) SGAN_PRINTF(2, 3);

/* Puts "text: " before the thread's message, for a caller that knows the file or layer; returns status. */
sgan_status sgan_fail_in(sgan_status status, const char *format, ...) SGAN_PRINTF(2, 3);

/* Evaluates a call; leaves the enclosing function with its status if it failed. */
#define SGAN_TRY(call)                                                                                                 \
	do {                                                                                                               \
		sgan_status sgan_try_status = (call);                                                                          \
		if (sgan_try_status != SGAN_OK)                                                                                \
			return sgan_try_status;                                                                                    \
	} while (0)

#endif
