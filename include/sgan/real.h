/* The element type of every tensor. */
#ifndef SGAN_REAL_H
#define SGAN_REAL_H

typedef float sgan_real;

#endif
