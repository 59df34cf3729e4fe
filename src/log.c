/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#include "log.h"

#define QUEUE_MAX 256
#define TEXT_SIZE 1024

struct line {
	enum log_level level;
	char *text;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_int threshold = LOG_LEVEL_INFO;

/* All below: under the mutex. */
static log_sink sink;
static void (*wake)(void);
static pthread_t owner; /* of the sink; meaningless without one */
static struct line queue[QUEUE_MAX];
static size_t waiting;
static unsigned long dropped; /* since the last flush */

/* Where lines go as long as there is no other sink.  Any thread. */
static void
standard_error(enum log_level level, const char *text)
{
	(void)level;
	fprintf(stderr, "%s\n", text);
}

/* ---------------------------------------------------------------- text */

/*
 * Write the first character of ${raw} to ${out} (at least 5 octets), as \xNN
 * when it is no character or one that a terminal would obey.  Returns how much
 * of ${raw} that was.
 */
static size_t
clean_one(const char *raw, char *out)
{
	uint32_t code;
	size_t length = utf8_decode(raw, &code);

	if (length > 0 && !utf8_is_control(code)) {
		memcpy(out, raw, length);
		out[length] = '\0';
		return length;
	}

	/* Octet by octet: a C1 control has two, and the next may be fine. */
	snprintf(out, 5, "\\x%02X", (unsigned int)(uint8_t)raw[0]);
	return 1;
}

/* How many octets of ${raw} may stay as they are, which is most of them. */
static size_t
count_plain(const char *raw)
{
	size_t n = 0;

	while (raw[n] >= ' ' && raw[n] <= '~')
		n++;
	return n;
}

/* Write ${raw} to ${clean}, without what must not reach a log. */
static void
clean_up(const char *raw, char clean[TEXT_SIZE])
{
	static const char cut[] = "...";
	const size_t most = TEXT_SIZE - sizeof(cut);
	size_t n = 0, length;
	const char *from;
	char one[5];

	while (*raw != '\0') {
		from = raw;
		if ((length = count_plain(raw)) > 0)
			raw += length;
		else {
			from = one;
			raw += clean_one(raw, one);
			length = strlen(one);
		}
		if (n + length > most) {
			/* Half an escape would be none. */
			length = from == one ? 0 : most - n;
			memcpy(clean + n, from, length);
			memcpy(clean + n + length, cut, sizeof(cut));
			return;
		}
		memcpy(clean + n, from, length);
		n += length;
	}
	clean[n] = '\0';
}

/* ---------------------------------------------------------------- queue */

/* Add a line; false when it had to be dropped.  Under the mutex. */
static bool
enqueue(enum log_level level, const char *text)
{
	char *copy;

	if (waiting == QUEUE_MAX || (copy = strdup(text)) == NULL) {
		dropped++;
		return false;
	}
	queue[waiting].level = level;
	queue[waiting].text = copy;
	waiting++;
	return true;
}

/* Pass ${text} on: at once, or, when the sink is another thread's, later. */
static void
deliver(enum log_level level, const char *text)
{
	log_sink to;
	void (*call)(void) = NULL;

	pthread_mutex_lock(&mutex);
	to = sink == NULL ? standard_error : sink;
	if (sink != NULL && !pthread_equal(owner, pthread_self())) {
		to = NULL;
		/* The owner takes all there is: one call is enough. */
		if (enqueue(level, text) && waiting == 1)
			call = wake;
	}
	pthread_mutex_unlock(&mutex);

	/* Outside the mutex: either of them may log. */
	if (to != NULL)
		to(level, text);
	if (call != NULL)
		call();
}

static void
report_dropped(log_sink to, unsigned long n)
{
	char text[64];

	snprintf(text, sizeof(text), "%lu log line%s dropped", n,
	    n == 1 ? " was" : "s were");
	to(LOG_LEVEL_WARNING, text);
}

void
log_flush(void)
{
	struct line lines[QUEUE_MAX];
	log_sink to;
	size_t n;
	unsigned long lost;

	pthread_mutex_lock(&mutex);
	to = sink == NULL ? standard_error : sink;
	n = waiting;
	memcpy(lines, queue, n * sizeof(lines[0]));
	lost = dropped;
	waiting = 0;
	dropped = 0;
	pthread_mutex_unlock(&mutex);

	for (size_t i = 0; i < n; i++) {
		to(lines[i].level, lines[i].text);
		free(lines[i].text);
	}
	if (lost > 0)
		report_dropped(to, lost);
}

void
log_open(log_sink new_sink, void (*new_wake)(void))
{
	/* What waits was meant for the old one. */
	log_flush();

	pthread_mutex_lock(&mutex);
	sink = new_sink;
	wake = new_wake;
	owner = pthread_self();
	pthread_mutex_unlock(&mutex);

	/* And what came in between would wait for ever if ${sink} is NULL. */
	log_flush();
}

/* ---------------------------------------------------------------- levels */

void
log_level_set(enum log_level level)
{
	atomic_store(&threshold, (int)level);
}

static void log_va(enum log_level level, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
log_va(enum log_level level, const char *format, va_list ap)
{
	char raw[TEXT_SIZE], clean[TEXT_SIZE];
	int saved_errno = errno;

	if ((int)level > atomic_load(&threshold))
		return;
	if (vsnprintf(raw, sizeof(raw), format, ap) < 0)
		return;
	clean_up(raw, clean);
	deliver(level, clean);
	errno = saved_errno;
}

/* clang-format off */
#define DEFINE(name, level)                                                    \
	void name(const char *format, ...)                                     \
	{                                                                      \
		va_list ap;                                                    \
                                                                               \
		va_start(ap, format);                                          \
		log_va(level, format, ap);                                     \
		va_end(ap);                                                    \
	}
/* clang-format on */

DEFINE(log_err, LOG_LEVEL_ERR)
DEFINE(log_warning, LOG_LEVEL_WARNING)
DEFINE(log_notice, LOG_LEVEL_NOTICE)
DEFINE(log_info, LOG_LEVEL_INFO)
DEFINE(log_debug, LOG_LEVEL_DEBUG)
