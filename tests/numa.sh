#!/bin/sh
# Where memory lies on a machine with NUMA nodes: this one, where it has several, or one that QEMU makes up (numa-qemu.sh).
${SGAN_EMULATOR-} "${abs_top_builddir:?}/tests/numa_pages" "${abs_top_srcdir:?}/tests/tiny.cfg" 4
