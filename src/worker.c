/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "worker.h"

/*
 * Hundreds of servers may answer in the same moment: between a few of them the
 * main thread looks after its other descriptors.
 */
#define COLLECT_MAX 4

/* Enough for SQLite and a log line, and 300 of them cost little. */
#define STACK_SIZE (512u * 1024)

struct queue {
	struct job *first, **last;
};

struct workshop {
	pthread_mutex_t lock;
	struct queue finished;
	int fd;
};

struct worker {
	struct workshop *shop;
	struct failover_server *server;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct queue waiting;
	bool running, stop, ended;
};

static void
queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
}

static void
queue_put(struct queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
}

static struct job *
queue_take(struct queue *queue)
{
	struct job *job = queue->first;

	if (job != NULL && (queue->first = job->next) == NULL)
		queue->last = &queue->first;
	return job;
}

static bool
queue_remove(struct queue *queue, const struct job *job)
{
	struct job **at;

	for (at = &queue->first; *at != NULL; at = &(*at)->next)
		if (*at == job) {
			if ((*at = job->next) == NULL)
				queue->last = at;
			return true;
		}
	return false;
}

struct workshop *
workshop_new(void)
{
	struct workshop *shop;

	if ((shop = malloc(sizeof(*shop))) == NULL)
		goto err0;
	if ((shop->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1)
		goto err1;
	if (pthread_mutex_init(&shop->lock, NULL) != 0)
		goto err2;
	queue_init(&shop->finished);

	/* Success! */
	return shop;

err2:
	close(shop->fd);
err1:
	free(shop);
err0:
	return NULL;
}

void
workshop_free(struct workshop *shop)
{
	if (shop == NULL)
		return;
	pthread_mutex_destroy(&shop->lock);
	close(shop->fd);
	free(shop);
}

int
workshop_fd(const struct workshop *shop)
{
	return shop->fd;
}

void
workshop_wake(struct workshop *shop)
{
	const uint64_t one = 1;

	/* The only way to fail is a full counter, which is readable already. */
	while (write(shop->fd, &one, sizeof(one)) == -1 && errno == EINTR)
		continue;
}

void
workshop_collect(struct workshop *shop)
{
	struct job *job;
	uint64_t count;
	bool more;
	int i;

	while (read(shop->fd, &count, sizeof(count)) == -1 && errno == EINTR)
		continue;
	for (i = 0; i < COLLECT_MAX; i++) {
		pthread_mutex_lock(&shop->lock);
		job = queue_take(&shop->finished);
		pthread_mutex_unlock(&shop->lock);
		if (job == NULL)
			return;
		/* done() may submit the job again: it is off the queue. */
		job->done(job);
	}
	pthread_mutex_lock(&shop->lock);
	more = shop->finished.first != NULL;
	pthread_mutex_unlock(&shop->lock);
	if (more)
		workshop_wake(shop);
}

void
workshop_forget(struct workshop *shop, const struct job *job)
{
	pthread_mutex_lock(&shop->lock);
	queue_remove(&shop->finished, job);
	pthread_mutex_unlock(&shop->lock);
}

static void
finish(struct workshop *shop, struct job *job)
{
	pthread_mutex_lock(&shop->lock);
	queue_put(&shop->finished, job);
	pthread_mutex_unlock(&shop->lock);
	workshop_wake(shop);
}

static void *
work(void *arg)
{
	struct worker *worker = arg;
	struct job *job;

	pthread_mutex_lock(&worker->lock);
	while (!worker->stop) {
		if ((job = queue_take(&worker->waiting)) == NULL) {
			pthread_cond_wait(&worker->changed, &worker->lock);
			continue;
		}
		worker->running = true;
		pthread_mutex_unlock(&worker->lock);
		job->run(job, worker->server);
		if (worker->server != NULL)
			job->report = worker->server->report;
		finish(worker->shop, job);
		pthread_mutex_lock(&worker->lock);
		worker->running = false;
	}
	worker->ended = true;
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

/* Signals are the main thread's: the new thread inherits an all-blocked mask.
 */
static int
start(struct worker *worker)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int error;

	if ((error = pthread_attr_init(&attr)) != 0)
		return error;
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&worker->thread, &attr, work, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return error;
}

struct worker *
worker_new(struct workshop *shop, struct failover_server *server)
{
	pthread_condattr_t attr;
	struct worker *worker;

	if ((worker = calloc(1, sizeof(*worker))) == NULL)
		goto err0;
	worker->shop = shop;
	worker->server = server;
	queue_init(&worker->waiting);
	if (pthread_mutex_init(&worker->lock, NULL) != 0)
		goto err1;
	if (pthread_condattr_init(&attr) != 0)
		goto err2;
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (pthread_cond_init(&worker->changed, &attr) != 0)
		goto err3;
	if (start(worker) != 0)
		goto err4;
	pthread_condattr_destroy(&attr);

	/* Success! */
	return worker;

err4:
	pthread_cond_destroy(&worker->changed);
err3:
	pthread_condattr_destroy(&attr);
err2:
	pthread_mutex_destroy(&worker->lock);
err1:
	free(worker);
err0:
	return NULL;
}

void
worker_submit(struct worker *worker, struct job *job)
{
	pthread_mutex_lock(&worker->lock);
	queue_put(&worker->waiting, job);
	pthread_mutex_unlock(&worker->lock);
	/* Whoever wakes up can have the lock at once. */
	pthread_cond_broadcast(&worker->changed);
}

bool
worker_withdraw(struct worker *worker, struct job *job)
{
	bool found;

	pthread_mutex_lock(&worker->lock);
	found = queue_remove(&worker->waiting, job);
	pthread_mutex_unlock(&worker->lock);
	return found;
}

bool
worker_stop(struct worker *worker, unsigned int milliseconds)
{
	struct timespec until;
	bool ended;

	if (worker == NULL)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += milliseconds / 1000;
	until.tv_nsec += milliseconds % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_mutex_lock(&worker->lock);
	worker->stop = true;
	pthread_cond_broadcast(&worker->changed);
	/* A thread that has nothing to do ends as soon as it has looked. */
	while (!worker->ended)
		if (!worker->running)
			pthread_cond_wait(&worker->changed, &worker->lock);
		else if (pthread_cond_timedwait(&worker->changed, &worker->lock,
			     &until) == ETIMEDOUT &&
		    worker->running)
			break;
	ended = worker->ended;
	pthread_mutex_unlock(&worker->lock);
	if (!ended)
		return false;
	pthread_join(worker->thread, NULL);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
	return true;
}
