/* Readies a preset's text for libconfig, which some versions of mangle: see scan.c. */
#ifndef SGAN_SGAN_PRESET_SCAN_H
#define SGAN_SGAN_PRESET_SCAN_H

#include <sgan/sgan.h>

/* *scanned (free() it) = text, line for line, in a form that every libconfig reads alike.
 * SGAN_EINVAL: an integer that no 64 bits hold, a directive, groups of more members or deeper than presets have; *line says
 * where. */
sgan_status sgan_preset_scan(const char *text, char **scanned, unsigned *line);

#endif
