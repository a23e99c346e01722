/* Shared by the steps of a session, for src/sgan/objective alone. */
#ifndef SGAN_SGAN_OBJECTIVE_SESSION_INTERNAL_H
#define SGAN_SGAN_OBJECTIVE_SESSION_INTERNAL_H

#include "src/sgan/model/streams.h"
#include "src/sgan/objective/session.h"

/* h(i+1): what G_i is conditioned on, and what E_i should recover from its output: the label at the top; below, in the
 * independent stage the encoder's of real images, in the joint stage what the generator above made. */
const real *sgan_session_condition(const struct sgan_session *session, size_t stack);

/* sum += values, both [n, size]: of the images that the session computes. */
sgan_status sgan_session_add(struct sgan_session *session, size_t size, const real *values, real *sum);

/* The same of weight times values. */
void sgan_session_add_weighted(struct sgan_session *session, size_t size, double weight, const real *values, real *sum);

/* Tells a tape of stack i where its noise and masks of step `step` come from. */
void sgan_session_random(struct sgan_session *session, struct sgan_tape *tape, enum sgan_purpose purpose, size_t stack,
                         enum sgan_drawn_by pass, uint64_t step);

/* Adam over a part's parameters, `updates` of which went before. */
sgan_status sgan_session_update(struct sgan_session *session, struct sgan_part *part, uint64_t updates);

#endif
