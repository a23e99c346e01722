/* The terms of losses as rows of a table, and those that a stack minimises. For src/sgan/objective alone. */
#ifndef SGAN_SGAN_OBJECTIVE_TERMS_H
#define SGAN_SGAN_OBJECTIVE_TERMS_H

#include "src/sgan/objective/session.h"

/* Passes that a term is taken of, as bits. */
enum {
	SGAN_D_REAL = 1,      /* D_i and Q_i on the real h(i) */
	SGAN_D_GENERATED = 2, /* D_i and Q_i on what G_i made */
	SGAN_E_GENERATED = 4  /* E_i on what G_i made */
};

struct sgan_term_row {
	enum sgan_term_kind kind;
	enum sgan_player player; /* in whose loss it is */
	const char *name;        /* of the loss in logs; its %zu is the stack's number */
	unsigned passes;
	/* Computes the term of stack i on its tapes, after the passes: *loss without the weight, and gradients times the
	 * weight, added to the heads'. */
	sgan_status (*take)(struct sgan_session *s, size_t i, const struct sgan_term *term, double *loss);
};

/* D's rows, then G's, in the order that losses are logged in. */
extern const struct sgan_term_row sgan_term_rows[SGAN_TERM_ROWS];

/* The passes that the terms of a stack's player need; 0: the player has no terms. */
unsigned sgan_terms_passes(const struct sgan_session *s, size_t i, enum sgan_player player);

/* How G_i weighs what G_(i-1) minimises; 0: not at all, or there is no such pair. */
double sgan_terms_below(const struct sgan_session *s, size_t i);

/* What a term of a stack's player came to last; NULL: the player has no such term. */
const struct sgan_loss *sgan_terms_loss(const struct sgan_session *s, size_t i, enum sgan_term_kind kind,
                                        enum sgan_player player);

/* Notes how many G steps the last batch has had, for the log. */
void sgan_terms_count_steps(struct sgan_session *s, size_t i, size_t steps);

/* Computes all terms of a stack's player, after the passes that they need. */
sgan_status sgan_terms_take(struct sgan_session *s, size_t i, enum sgan_player player);

/* Lists what the stacks that steps are of minimise, and names the losses. */
void sgan_terms_list(struct sgan_session *s);

/* Whether a stack's steps need labels. */
bool sgan_terms_use_labels(const struct sgan_session *s, size_t i);

#endif
