/* Arrays by matio, of files that were checked; or, in a build without it, an error line.
 * It must not know what the arrays are for. */
#include "src/data/mat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/status.h"

#ifdef SGAN_HAVE_MATIO

#include <matio.h>

const char *sgan_mat_library(void)
{
	static _Thread_local char name[48];
	int major, minor, release;
	Mat_GetLibraryVersion(&major, &minor, &release);
	snprintf(name, sizeof name, "matio %d.%d.%d", major, minor, release);
	return name;
}

sgan_status sgan_mat_usable(const char *path)
{
	(void)path;
	return SGAN_OK;
}

/* Its dimensions and size. */
static sgan_status measure(const char *path, const matvar_t *variable, size_t most, struct sgan_mat_array *array)
{
	const char *name = variable->name;
	if (variable->rank < 1 || variable->rank > SGAN_MAT_RANK)
		return sgan_fail(SGAN_EFORMAT, "%s: %s is an array of %d dimensions, up to %d expected", path, name,
		                 variable->rank, SGAN_MAT_RANK);
	array->rank = (size_t)variable->rank;
	array->count = 1;
	for (size_t i = 0; i < array->rank; i++) {
		array->dims[i] = variable->dims[i];
		if (array->dims[i] == 0 || array->dims[i] > most / array->count)
			return sgan_fail(SGAN_EFORMAT, "%s: %s has no elements, or more than the %zu that are read", path, name,
			                 most);
		array->count *= array->dims[i];
	}
	return SGAN_OK;
}

/* Elements as numbers; false: they are of another type. */
static bool take_numbers(const matvar_t *variable, struct sgan_mat_array *array)
{
	const void *data = variable->data;
	for (size_t i = 0; i < array->count; i++)
		switch (variable->class_type) {
		case MAT_C_INT32:
			array->numbers[i] = ((const mat_int32_t *)data)[i];
			break;
		case MAT_C_INT64:
			array->numbers[i] = (double)((const mat_int64_t *)data)[i];
			break;
		case MAT_C_DOUBLE:
			array->numbers[i] = ((const double *)data)[i];
			break;
		default:
			return false;
		}
	return true;
}

static sgan_status take(const char *path, const matvar_t *variable, struct sgan_mat_array *array)
{
	if (variable->class_type == MAT_C_UINT8) {
		array->bytes = malloc(array->count);
		if (!array->bytes)
			return sgan_fail(SGAN_ENOMEM, "%s: no memory for %s", path, variable->name);
		memcpy(array->bytes, variable->data, array->count);
		return SGAN_OK;
	}
	array->numbers = malloc(array->count * sizeof *array->numbers);
	if (!array->numbers)
		return sgan_fail(SGAN_ENOMEM, "%s: no memory for %s", path, variable->name);
	if (take_numbers(variable, array))
		return SGAN_OK;
	free(array->numbers);
	return sgan_fail(SGAN_EFORMAT, "%s: %s has elements of type %d, uint8 expected", path, variable->name,
	                 (int)variable->class_type);
}

static sgan_status read_variable(mat_t *file, const char *path, const char *name, size_t most,
                                 struct sgan_mat_array *array)
{
	struct sgan_mat_array read = { .rank = 0 };
	matvar_t *variable = Mat_VarReadInfo(file, name);
	if (!variable)
		return sgan_fail(SGAN_EFORMAT, "%s: no variable %s in it", path, name);
	sgan_status status = measure(path, variable, most, &read);
	if (status == SGAN_OK && (Mat_VarReadDataAll(file, variable) != 0 || !variable->data ||
	                          variable->nbytes < read.count * Mat_SizeOfClass((int)variable->class_type)))
		status = sgan_fail(SGAN_EFORMAT, "%s: %s cannot be read", path, name);
	if (status == SGAN_OK)
		status = take(path, variable, &read);
	Mat_VarFree(variable);
	if (status == SGAN_OK)
		*array = read;
	return status;
}

sgan_status sgan_mat_read(const char *path, const char *name, size_t most, struct sgan_mat_array *array)
{
	mat_t *file = Mat_Open(path, MAT_ACC_RDONLY);
	if (!file)
		return sgan_fail(SGAN_EFORMAT, "%s: cannot be opened as a MATLAB file", path);
	sgan_status status = read_variable(file, path, name, most, array);
	Mat_Close(file);
	return status;
}

#else

const char *sgan_mat_library(void)
{
	return "no matio";
}

sgan_status sgan_mat_usable(const char *path)
{
	return sgan_fail(SGAN_EUNSUPPORTED, "%s: this build has no matio, which MATLAB files are read by", path);
}

sgan_status sgan_mat_read(const char *path, const char *name, size_t most, struct sgan_mat_array *array)
{
	(void)name, (void)most, (void)array;
	return sgan_mat_usable(path);
}

#endif
