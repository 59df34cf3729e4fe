/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker.h - one thread per server, so that a slow server delays nobody else.
 *
 * Jobs of one worker run one at a time in the order they were submitted.  The
 * main thread learns of finished jobs through a descriptor that becomes
 * readable.  Jobs are embedded in what they are about; their memory belongs to
 * the submitter, who must not touch it between worker_submit() and done().
 */
#ifndef DHCPFO_WORKER_H
#define DHCPFO_WORKER_H

#include <stdbool.h>

#include "server.h"

struct worker;
struct workshop;

struct job {
	/* In the worker's thread: ask the server.  May block. */
	void (*run)(struct job *job, struct failover_server *server);
	/* Later, in the thread that calls workshop_collect(). */
	void (*done)(struct job *job);
	struct failover_server_report
	    report; /* the server's, if any, after run */
	struct job *next; /* the worker's */
};

/** A place where finished jobs are collected; NULL when out of memory. */
struct workshop *workshop_new(void);

/** Free it, after all its workers have stopped; NULL is fine. */
void workshop_free(struct workshop *shop);

/** A descriptor that is readable while workshop_collect() has work. */
int workshop_fd(const struct workshop *shop);

/** Make the descriptor readable; from any thread. */
void workshop_wake(struct workshop *shop);

/**
 * Call done() of finished jobs in the order they finished: of a few at a time,
 * the descriptor stays readable while there are more.
 */
void workshop_collect(struct workshop *shop);

/** ${job}, if it has finished, is not collected: its memory is about to go. */
void workshop_forget(struct workshop *shop, const struct job *job);

/** A thread for ${server}, which may be NULL; NULL when there is none. */
struct worker *
worker_new(struct workshop *shop, struct failover_server *server);

/** Queue ${job}. */
void worker_submit(struct worker *worker, struct job *job);

/**
 * Take ${job} back; false when it runs or has run, and done() will come.  After
 * true neither run() nor done() is called.
 */
bool worker_withdraw(struct worker *worker, struct job *job);

/**
 * Let the running job end, drop the others, and free ${worker}, which may be
 * NULL.  Waits at most ${milliseconds}; false: the job still runs, and worker
 * and server must be left alone until this, called again, returns true, or the
 * process ends.
 */
bool worker_stop(struct worker *worker, unsigned int milliseconds);

#endif
