/* The lock on a run's folder: one process at a time trains in it.
 * It must not know what is done under the lock. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "src/cpu/status.h"
#include "src/io/file.h"
#include "src/io/run.h"

static int lock_retry(int fd)
{
	int result;
	do
		result = flock(fd, LOCK_EX | LOCK_NB);
	while (result != 0 && errno == EINTR);
	return result == 0 ? 0 : errno;
}

/* NFS makes of such a lock one that takes a file open for writing: the run's record is there from the beginning. */
static int lock_record(const char *dir, int *lock)
{
	char path[SGAN_PATH];
	if (sgan_run_file(dir, SGAN_RUN_RECORD, path) != SGAN_OK)
		return ENOLCK;
	const int fd = open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return ENOLCK;
	const int reason = lock_retry(fd);
	if (reason == 0) {
		close(*lock);
		*lock = fd;
	} else {
		close(fd);
	}
	return reason;
}

sgan_status sgan_run_lock(const char *dir, int *lock)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return sgan_fail(SGAN_EIO, "%s: %s", dir, strerror(errno));
	int reason = lock_retry(fd);
	if (reason != 0 && reason != EWOULDBLOCK)
		reason = lock_record(dir, &fd);
	/* Where nothing can be locked, training goes on: that nobody else trains in the folder is the user's to see to; and what
	 * others may be writing stays. */
	sgan_status status = SGAN_OK;
	if (reason == EWOULDBLOCK)
		status = sgan_fail(SGAN_EIO, "%s: another process is training in it", dir);
	else if (reason == 0)
		status = sgan_file_clean(dir);
	if (status == SGAN_OK)
		*lock = fd;
	else
		close(fd);
	return status;
}

void sgan_run_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}
