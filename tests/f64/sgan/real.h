/* Stands before include/sgan/real.h where the library's and the program's sources are compiled in double for the tests:
 * there finite differences can tell a right gradient from a nearly right one. It must not be installed. */
#ifndef SGAN_REAL_H
#define SGAN_REAL_H

typedef double sgan_real;

#define SGAN_REAL_DOUBLE /* read by kernels/kernels.h and what includes it: of this type there are only generic kernels */

#endif
