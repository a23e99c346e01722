/* Nearest rows.
 * It must not know what rows stand for. */
#include "src/metrics/neighbours.h"

#include <math.h>
#include <string.h>

#include "src/cpu/memory.h"
#include "src/cpu/status.h"

/* The nearest so far of each row, by distances in float. */
struct search {
	size_t k;
	const size_t *self; /* or NULL */
	size_t *index;      /* [rows, k] */
	double *squares;    /* [rows, k] */
};

/* Puts a candidate that is nearer than the last into its place. */
static void insert(size_t k, size_t *index, double *squares, size_t candidate, double square)
{
	size_t at = k - 1;
	for (; at > 0 && square < squares[at - 1]; at--) {
		squares[at] = squares[at - 1];
		index[at] = index[at - 1];
	}
	squares[at] = square;
	index[at] = candidate;
}

static void look(void *arg, size_t row, size_t first, size_t count, const real *squares)
{
	const struct search *s = arg;
	size_t *index = s->index + row * s->k;
	double *nearest = s->squares + row * s->k;
	for (size_t i = 0; i < count; i++)
		if ((double)squares[i] < nearest[s->k - 1] && (s->self == NULL || first + i != s->self[row]))
			insert(s->k, index, nearest, first + i, (double)squares[i]);
}

/* The distances of those that were found, in double, and their order by these. */
static void refine(const struct sgan_rows *a, const struct sgan_rows *b, const struct search *s)
{
	for (size_t row = 0; row < a->count; row++) {
		size_t found[SGAN_NEIGHBOURS_MAX], *index = s->index + row * s->k;
		double *squares = s->squares + row * s->k;
		memcpy(found, index, s->k * sizeof found[0]);
		for (size_t i = 0; i < s->k; i++)
			squares[i] = INFINITY;
		for (size_t i = 0; i < s->k; i++)
			insert(s->k, index, squares, found[i], sgan_distance_squared(a, row, b, found[i]));
	}
}

sgan_status sgan_nearest_rows(sgan_ctx *ctx, const struct sgan_rows *a, const struct sgan_rows *b, const size_t *self,
                              size_t k, size_t *index, double *squares)
{
	struct search s = { k, self, index, squares };
	if (k == 0 || k > SGAN_NEIGHBOURS_MAX || b->count < k + (self != NULL))
		return sgan_fail(SGAN_EINVAL, "%zu nearest neighbours, from 1 to %d, among %zu", k, (int)SGAN_NEIGHBOURS_MAX,
		                 b->count);
	for (size_t i = 0; i < a->count * k; i++) {
		index[i] = 0;
		squares[i] = INFINITY;
	}
	SGAN_TRY(sgan_distances(ctx, a, b, look, &s));
	refine(a, b, &s);
	return SGAN_OK;
}

/* --- balls ------------------------------------------------------------------------- */

struct cover {
	const double *radii; /* [rows of b]: squared */
	bool *covered;       /* [rows of a] */
};

static void look_for_ball(void *arg, size_t row, size_t first, size_t count, const real *squares)
{
	const struct cover *c = arg;
	for (size_t i = 0; i < count && !c->covered[row]; i++)
		c->covered[row] = (double)squares[i] <= c->radii[first + i];
}

static double share_of(size_t count, const bool *which)
{
	size_t sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += which[i];
	return (double)sum / (double)count;
}

/* Numbers of rows and distances of them, as sgan_nearest_rows gives. */
struct found {
	size_t *index;
	double *squares;
};

static sgan_status make_found(size_t rows, size_t k, struct found *f)
{
	f->index = sgan_alloc(rows, k * sizeof *f->index);
	f->squares = sgan_alloc(rows, k * sizeof *f->squares);
	return f->index != NULL && f->squares != NULL ? SGAN_OK : SGAN_ENOMEM;
}

static void free_found(struct found *f)
{
	sgan_free(f->index);
	sgan_free(f->squares);
}

/* radii [rows]: squared distances to the k-th neighbour among the same rows. */
static sgan_status find_radii(sgan_ctx *ctx, const struct sgan_rows *b, size_t k, double *radii)
{
	struct found f = { NULL, NULL };
	size_t *self = sgan_alloc(b->count, sizeof *self);
	sgan_status status = self != NULL ? make_found(b->count, k, &f) : SGAN_ENOMEM;
	if (status == SGAN_OK) {
		for (size_t i = 0; i < b->count; i++)
			self[i] = i;
		status = sgan_nearest_rows(ctx, b, b, self, k, f.index, f.squares);
	}
	for (size_t i = 0; i < b->count && status == SGAN_OK; i++)
		radii[i] = f.squares[i * k + k - 1];
	sgan_free(self);
	free_found(&f);
	return status;
}

sgan_status sgan_covered(sgan_ctx *ctx, const struct sgan_rows *a, const struct sgan_rows *b, size_t k, double *share)
{
	double *radii = sgan_alloc(b->count, sizeof *radii);
	bool *covered = sgan_alloc(a->count, sizeof *covered);
	sgan_status status = radii != NULL && covered != NULL ? SGAN_OK : SGAN_ENOMEM;
	if (status == SGAN_OK)
		status = find_radii(ctx, b, k, radii);
	if (status == SGAN_OK)
		status = sgan_distances(ctx, a, b, look_for_ball, &(struct cover){ radii, covered });
	if (status == SGAN_OK)
		*share = share_of(a->count, covered);
	sgan_free(radii);
	sgan_free(covered);
	return status;
}

/* --- closer than others ------------------------------------------------------------- */

/* The rows of b that are some row's nearest, once each: their numbers in self, their values behind one another. */
struct chosen {
	struct sgan_rows points;
	size_t *self; /* [count], ascending */
	void *memory;
};

static sgan_status choose(const struct sgan_rows *b, size_t count, const size_t *nearest, size_t *place,
                          struct chosen *c)
{
	const size_t row = b->size * (b->values != NULL ? sizeof(real) : 1);
	const char *from = b->values != NULL ? (const char *)b->values : (const char *)b->bytes;
	for (size_t i = 0; i < count; i++)
		place[nearest[i]] = 1;
	for (size_t k = 0; k < b->count; k++)
		c->points.count += place[k];
	c->self = sgan_alloc(c->points.count, sizeof *c->self);
	c->memory = sgan_alloc(c->points.count, row);
	if (c->self == NULL || c->memory == NULL)
		return SGAN_ENOMEM;
	for (size_t k = 0, next = 0; k < b->count; k++)
		if (place[k] != 0) {
			memcpy((char *)c->memory + next * row, from + k * row, row);
			c->self[next] = k;
			place[k] = next++;
		}
	c->points.size = b->size;
	c->points.values = b->values != NULL ? c->memory : NULL;
	c->points.bytes = b->values != NULL ? NULL : c->memory;
	return SGAN_OK;
}

static sgan_status compare(sgan_ctx *ctx, const struct sgan_rows *b, size_t count, const struct found *nearest,
                           size_t *place, double *share)
{
	struct chosen c = { .self = NULL };
	struct found own = { NULL, NULL };
	size_t closer = 0;
	sgan_status status = choose(b, count, nearest->index, place, &c);
	if (status == SGAN_OK)
		status = make_found(c.points.count, 1, &own);
	if (status == SGAN_OK)
		status = sgan_nearest_rows(ctx, &c.points, b, c.self, 1, own.index, own.squares);
	for (size_t i = 0; i < count && status == SGAN_OK; i++)
		closer += nearest->squares[i] < own.squares[place[nearest->index[i]]];
	if (status == SGAN_OK)
		*share = (double)closer / (double)count;
	free_found(&own);
	sgan_free(c.self);
	sgan_free(c.memory);
	return status;
}

static double mean_distance(size_t count, const double *squares)
{
	double sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += sqrt(squares[i]);
	return sum / (double)count;
}

sgan_status sgan_closer(sgan_ctx *ctx, const struct sgan_rows *a, const struct sgan_rows *b, double *share,
                        double *distance)
{
	struct found nearest = { NULL, NULL };
	size_t *place = sgan_alloc(b->count, sizeof *place);
	sgan_status status = place != NULL ? make_found(a->count, 1, &nearest) : SGAN_ENOMEM;
	if (status == SGAN_OK)
		status = sgan_nearest_rows(ctx, a, b, NULL, 1, nearest.index, nearest.squares);
	if (status == SGAN_OK)
		status = compare(ctx, b, a->count, &nearest, place, share);
	if (status == SGAN_OK)
		*distance = mean_distance(a->count, nearest.squares);
	free_found(&nearest);
	sgan_free(place);
	return status;
}
