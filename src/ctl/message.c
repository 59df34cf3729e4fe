/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#include "message.h"

static void complain_va(const char *format, va_list ap)
    __attribute__((format(printf, 1, 0)));

static void
complain_va(const char *format, va_list ap)
{
	va_list again;
	char *raw;
	int length;

	va_copy(again, ap);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		return;
	raw = must(malloc((size_t)length + 1));
	vsnprintf(raw, (size_t)length + 1, format, ap);

	fputs("dhcpfoctl: ", stderr);
	text_put(stderr, raw);
	fputc('\n', stderr);
	free(raw);
}

void
complain(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain_va(format, ap);
	va_end(ap);
}

enum ctl_exit
misused(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain_va(format, ap);
	va_end(ap);
	return CTL_USAGE;
}

enum ctl_exit
outcome(const char *verb, const char *name, DWORD error)
{
	const char *known = DhcpfoErrorName(error);

	if (error == ERROR_SUCCESS)
		return CTL_OK;
	if (strcmp(known, "ERROR_UNKNOWN") == 0) {
		complain("%s \"%s\": %s %u: %s", verb, name, known,
		    (unsigned int)error, DhcpfoErrorText(error));
	} else {
		complain("%s \"%s\": %s: %s", verb, name, known,
		    DhcpfoErrorText(error));
	}
	return CTL_FAILED;
}

enum ctl_exit
outcome_of_change(const char *verb, const char *name, DWORD error)
{
	enum ctl_exit code = outcome(verb, name, error);

	if (error == ERROR_TIMEOUT || error == RPC_S_CALL_FAILED)
		complain("%s \"%s\": it is not known whether it was done, or "
			 "still will be: see what is there",
		    verb, name);
	return code;
}

void *
must(void *memory)
{
	/* What a server has begun and not committed never was. */
	if (memory == NULL) {
		fputs("dhcpfoctl: there is not enough memory\n", stderr);
		exit(CTL_FAILED);
	}
	return memory;
}
