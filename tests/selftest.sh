#!/bin/sh
# The program's selftest, for where tests/test_kernels does not run it: all sets that the machine has.
exec ${SGAN_EMULATOR-} "${SGAN_CPU:?}" selftest
