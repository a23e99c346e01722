/* The lists of algorithms, and the choice among them. It knows them as rows, none from inside. */
#include "src/ops/conv/algorithm.h"

#include <stdio.h>
#include <string.h>

#include "src/cpu/status.h"
#include "src/ops/conv/algorithms.h"

static const struct conv_algorithm *const gather[] = {
	&sgan_conv_gather_runs,
	&sgan_conv_gather_batch,
	&sgan_conv_gather_indirect,
	&sgan_conv_gather_winograd,
};

static const struct conv_algorithm *const scatter[] = {
	&sgan_conv_scatter_dots,
	&sgan_conv_scatter_batch,
	&sgan_conv_scatter_indirect,
	&sgan_conv_scatter_winograd,
};

static const struct conv_algorithm *const weights[] = {
	&sgan_conv_weights_rows,
	&sgan_conv_weights_runs,
	&sgan_conv_weights_direct,
	&sgan_conv_weights_winograd,
};

#define COUNT(list) (sizeof(list) / sizeof *(list))
_Static_assert(COUNT(gather) <= SGAN_ALGORITHMS_MAX && COUNT(scatter) <= SGAN_ALGORITHMS_MAX &&
                   COUNT(weights) <= SGAN_ALGORITHMS_MAX,
               "<sgan/conv.h> says how many algorithms there may be");

const struct conv_algorithm *const *sgan_conv_algorithm_list(enum conv_operation operation, size_t *count)
{
	static const struct {
		const struct conv_algorithm *const *list;
		size_t count;
	} lists[CONV_OPERATIONS] = {
		[CONV_GATHER] = { gather, COUNT(gather) },
		[CONV_SCATTER] = { scatter, COUNT(scatter) },
		[CONV_WEIGHTS] = { weights, COUNT(weights) },
	};

	*count = lists[operation].count;
	return lists[operation].list;
}

/* The names of all that fit, with commas between. */
static void list_fitting(const struct conv_problem *problem, size_t size, char *text)
{
	size_t count, used = 0;
	const struct conv_algorithm *const *list = sgan_conv_algorithm_list(problem->operation, &count);

	*text = '\0';
	for (size_t i = 0; i < count && used < size; i++)
		if (list[i]->fits(problem))
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", list[i]->name);
}

static bool is_asked_for(const char *name, const struct conv_algorithm *algorithm)
{
	if (!name || strcmp(name, "auto") == 0)
		return true;
	return strcmp(name, "direct") == 0 ? !algorithm->fast : strcmp(name, algorithm->name) == 0;
}

sgan_status sgan_conv_choose(const char *what, const char *name, struct conv_problem *problem,
                             const struct conv_algorithm **algorithm)
{
	size_t count;
	const struct conv_algorithm *const *list = sgan_conv_algorithm_list(problem->operation, &count);
	struct conv_problem best = *problem;
	double least = 0;
	char fitting[160];

	*algorithm = NULL;
	for (size_t i = 0; i < count; i++) {
		struct conv_problem tried = *problem;
		double cost;
		if (!is_asked_for(name, list[i]) || !list[i]->fits(problem))
			continue;
		if (list[i]->make_cut)
			list[i]->make_cut(&tried);
		cost = list[i]->cost(&tried);
		if (*algorithm && cost >= least)
			continue;
		*algorithm = list[i];
		best = tried;
		least = cost;
	}
	*problem = best;
	if (*algorithm)
		return SGAN_OK;
	list_fitting(problem, sizeof fitting, fitting);
	return sgan_fail(SGAN_EINVAL, "%s: algorithm \"%.40s\" is unknown or does not fit this layer; %s: these fit", what,
	                 name, fitting);
}
