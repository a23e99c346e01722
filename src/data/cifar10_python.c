/* CIFAR-10's version for Python, which is known by its names and refused: its files are pickles, programs that loading
 * them would run. */
#include <string.h>

#include "src/data/cifar10.h"
#include "src/data/folder.h"

/* Its folder, what is in there, and its archive. */
static const char *const names[] = { "cifar-10-batches-py", "data_batch_1", "test_batch", "cifar-10-python.tar" };

static bool probe(const struct sgan_place *place)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (sgan_folder_has(place->path, names[i]))
			return true;
	return false;
}

static sgan_status read_half(const struct sgan_place *place, enum sgan_data_half half, size_t classes,
                             struct sgan_found *found)
{
	(void)half, (void)classes, (void)found;
	return sgan_cifar10_refuse_python(place->path);
}

const struct sgan_data_format sgan_data_cifar10_python = {
	.name = "cifar10-python",
	.probe = probe,
	.read = read_half,
};
