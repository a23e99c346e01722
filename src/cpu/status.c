/* The calling thread's last error, and the library's version.
 * It must not know what failed: callers word their own messages. */
#include "src/cpu/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE = 1024 };

static _Thread_local char last_error[MESSAGE];

/* Names of files and of what they hold come from outside: an error stays one line. */
static void keep_one_line(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

sgan_status sgan_fail(sgan_status status, const char *format, ...)
{
	/* Apart from last_error, which may be among the arguments. */
	char text[MESSAGE];
	va_list args;
	va_start(args, format);
	if (vsnprintf(text, sizeof text, format, args) < 0)
		text[0] = '\0';
	va_end(args);
	keep_one_line(text);
	memcpy(last_error, text, sizeof text);
	return status;
}

sgan_status sgan_fail_in(sgan_status status, const char *format, ...)
{
	char text[MESSAGE];
	va_list args;
	va_start(args, format);
	int length = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (length < 0)
		return status;
	if (length + 3 < MESSAGE)
		snprintf(text + length, sizeof text - (size_t)length, ": %.*s", MESSAGE - length - 3, last_error);
	keep_one_line(text);
	memcpy(last_error, text, sizeof text);
	return status;
}

const char *sgan_last_error(void)
{
	return last_error;
}

const char *sgan_version(void)
{
	return PACKAGE_VERSION;
}
