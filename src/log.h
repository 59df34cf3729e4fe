/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.h - messages, from any thread.
 *
 * One thread owns the sink (the program's log, which need not be thread safe).
 * Lines of that thread go to the sink at once; lines of others wait in a
 * bounded queue until the owner calls log_flush().  Control characters never
 * reach the sink: names come from the network.
 */
#ifndef DHCPFO_LOG_H
#define DHCPFO_LOG_H

enum log_level {
	LOG_LEVEL_ERR = 3,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
}; /* numbered as in syslog(3) */

typedef void (*log_sink)(enum log_level level, const char *line);

/**
 * Send lines to ${sink}, whose owner is the calling thread; NULL: to standard
 * error, from any thread (the default).  ${wake}, which may be NULL, is called
 * when a line of another thread waits.
 */
void log_open(log_sink sink, void (*wake)(void));

/** Pass waiting lines to the sink.  By its owner only. */
void log_flush(void);

/** Levels above ${level} are dropped.  Default: LOG_LEVEL_INFO. */
void log_level_set(enum log_level level);

void log_err(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
