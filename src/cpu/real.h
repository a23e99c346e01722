/* The short name of the element type, for everything inside the library and the program. */
#ifndef SGAN_CPU_REAL_H
#define SGAN_CPU_REAL_H

#include <sgan/sgan.h>

typedef sgan_real real;

#endif
