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

static sgan_status take(const char *dir, int fd)
{
	int result;
	do
		result = flock(fd, LOCK_EX | LOCK_NB);
	while (result != 0 && errno == EINTR);
	if (result != 0)
		return sgan_fail(SGAN_EIO, "%s: %s", dir,
		                 errno == EWOULDBLOCK ? "another process is training in it" : strerror(errno));
	return sgan_file_clean(dir);
}

sgan_status sgan_run_lock(const char *dir, int *lock)
{
	const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return sgan_fail(SGAN_EIO, "%s: %s", dir, strerror(errno));
	const sgan_status status = take(dir, fd);
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
