/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that ask servers: order, withdrawing, stopping.  For TSan, too. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "worker.h"

#define PATIENCE 20000 /* milliseconds; far more than anything takes */
#define NJOBS 200

/* A place where a job stops until the test lets it go. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool reached, opened;
};

static void
gate_init(struct gate *gate)
{
	assert_int_equal(pthread_mutex_init(&gate->lock, NULL), 0);
	assert_int_equal(pthread_cond_init(&gate->changed, NULL), 0);
	gate->reached = gate->opened = false;
}

static void
gate_destroy(struct gate *gate)
{
	pthread_cond_destroy(&gate->changed);
	pthread_mutex_destroy(&gate->lock);
}

static void
gate_pass(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->reached = true;
	pthread_cond_broadcast(&gate->changed);
	while (!gate->opened)
		pthread_cond_wait(&gate->changed, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

static void
gate_await(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	while (!gate->reached)
		pthread_cond_wait(&gate->changed, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

static void
gate_open(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->opened = true;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

struct errand {
	struct job job; /* first: the job is the errand */
	struct bench *bench;
	unsigned int number;
	struct gate *gate; /* or NULL */
	bool again; /* submitted once more by done() */
	bool ran;
	unsigned int dones;
	pthread_t ran_in, done_in;
	struct failover_server *server;
};

struct bench {
	struct workshop *shop;
	struct worker *worker;
	struct failover_server server;
	/* In the order of run(), by the worker; of done(), by the test. */
	unsigned int ran[NJOBS], nran, done[NJOBS], ndone;
	struct errand errands[NJOBS];
	struct gate gate;
};

static void
run(struct job *job, struct failover_server *server)
{
	struct errand *errand = (struct errand *)job;

	if (errand->gate != NULL)
		gate_pass(errand->gate);
	errand->ran = true;
	errand->ran_in = pthread_self();
	errand->server = server;
	errand->bench->ran[errand->bench->nran++] = errand->number;
	server->report.calls++;
	server->report.last_error = (enum dhcp_error)errand->number;
}

static void
done(struct job *job)
{
	struct errand *errand = (struct errand *)job;
	struct bench *bench = errand->bench;

	errand->dones++;
	errand->done_in = pthread_self();
	bench->done[bench->ndone++] = errand->number;
	if (errand->again) {
		errand->again = false;
		worker_submit(bench->worker, job);
	}
}

static int
setup(void **state)
{
	struct bench *bench = test_calloc(1, sizeof(*bench));
	unsigned int i;

	alarm(120); /* whatever hangs is killed */
	gate_init(&bench->gate);
	bench->shop = workshop_new();
	assert_non_null(bench->shop);
	bench->worker = worker_new(bench->shop, &bench->server);
	assert_non_null(bench->worker);
	for (i = 0; i < NJOBS; i++) {
		bench->errands[i].job.run = run;
		bench->errands[i].job.done = done;
		bench->errands[i].bench = bench;
		bench->errands[i].number = i;
	}
	*state = bench;
	return 0;
}

static int
teardown(void **state)
{
	struct bench *bench = *state;

	gate_open(&bench->gate);
	assert_true(worker_stop(bench->worker, PATIENCE));
	workshop_free(bench->shop);
	gate_destroy(&bench->gate);
	test_free(bench);
	alarm(0);
	return 0;
}

static void
submit(struct bench *bench, unsigned int number)
{
	worker_submit(bench->worker, &bench->errands[number].job);
}

static bool
is_readable(const struct bench *bench, int patience)
{
	struct pollfd fd = { .fd = workshop_fd(bench->shop), .events = POLLIN };

	return poll(&fd, 1, patience) == 1;
}

static void
collect(struct bench *bench, unsigned int n)
{
	while (bench->ndone < n) {
		assert_true(is_readable(bench, PATIENCE));
		workshop_collect(bench->shop);
	}
}

/* A job that stops at the gate, and has come there. */
static void
block(struct bench *bench, unsigned int number)
{
	bench->errands[number].gate = &bench->gate;
	submit(bench, number);
	gate_await(&bench->gate);
}

/* ---------------------------------------------------------------- order */

static void
submit__many_jobs__run_and_are_done_in_that_order(void **state)
{
	struct bench *bench = *state;
	unsigned int i;

	for (i = 0; i < NJOBS; i++)
		submit(bench, i);
	collect(bench, NJOBS);
	for (i = 0; i < NJOBS; i++) {
		assert_int_equal(bench->ran[i], i);
		assert_int_equal(bench->done[i], i);
		assert_int_equal(bench->errands[i].dones, 1);
	}
}

static void
submit__of_one_job__runs_in_the_worker_and_is_done_in_the_collector(
    void **state)
{
	struct bench *bench = *state;
	struct errand *errand = &bench->errands[0];

	submit(bench, 0);
	collect(bench, 1);
	assert_ptr_equal(errand->server, &bench->server);
	assert_false(pthread_equal(errand->ran_in, pthread_self()));
	assert_true(pthread_equal(errand->done_in, pthread_self()));
}

static void
submit__from_done__runs_again(void **state)
{
	struct bench *bench = *state;

	bench->errands[0].again = true;
	submit(bench, 0);
	submit(bench, 1);
	collect(bench, 3);
	assert_int_equal(bench->errands[0].dones, 2);
	assert_int_equal(bench->done[0], 0);
	assert_int_equal(bench->errands[1].dones, 1);
}

static void
report__of_each_job__is_the_servers_just_after_it(void **state)
{
	struct bench *bench = *state;
	unsigned int i;

	for (i = 0; i < 50; i++)
		submit(bench, i);
	collect(bench, 50);
	for (i = 0; i < 50; i++) {
		assert_int_equal(bench->errands[i].job.report.calls, i + 1);
		assert_int_equal(bench->errands[i].job.report.last_error, i);
	}
}

/* ---------------------------------------------------------------- collecting
 */

static void
descriptor__without_a_finished_job__is_not_readable(void **state)
{
	struct bench *bench = *state;

	assert_false(is_readable(bench, 0));
	block(bench, 0);
	assert_false(is_readable(bench, 0));
	gate_open(&bench->gate);
	assert_true(is_readable(bench, PATIENCE));
	workshop_collect(bench->shop);
	assert_int_equal(bench->ndone, 1);
	assert_false(is_readable(bench, 0));
}

static void
collect__when_nothing_is_finished__returns_at_once(void **state)
{
	struct bench *bench = *state;

	block(bench, 0);
	workshop_collect(bench->shop);
	workshop_collect(bench->shop);
	assert_int_equal(bench->ndone, 0);
	gate_open(&bench->gate);
	collect(bench, 1);
}

static void *
wake(void *arg)
{
	workshop_wake(arg);
	return NULL;
}

static void
wake__from_any_thread__makes_the_descriptor_readable(void **state)
{
	struct bench *bench = *state;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, wake, bench->shop), 0);
	assert_true(is_readable(bench, PATIENCE));
	pthread_join(thread, NULL);
	workshop_collect(bench->shop);
	assert_int_equal(bench->ndone, 0);
	assert_false(is_readable(bench, 0));
}

static void
wake__many_times__is_one_wake(void **state)
{
	struct bench *bench = *state;
	unsigned int i;

	for (i = 0; i < 1000; i++)
		workshop_wake(bench->shop);
	workshop_collect(bench->shop);
	assert_false(is_readable(bench, 0));
}

static void
collect__of_two_workers__takes_the_jobs_of_both(void **state)
{
	struct bench *bench = *state;
	struct failover_server other = { 0 };
	struct worker *second = worker_new(bench->shop, &other);

	/* The first one is held up, and does not hold up the second. */
	assert_non_null(second);
	block(bench, 0);
	worker_submit(second, &bench->errands[1].job);
	collect(bench, 1);
	assert_int_equal(bench->done[0], 1);
	assert_ptr_equal(bench->errands[1].server, &other);
	gate_open(&bench->gate);
	collect(bench, 2);
	assert_true(worker_stop(second, PATIENCE));
}

/* ---------------------------------------------------------------- withdrawing
 */

static void
withdraw__before_it_runs__is_true_and_it_never_runs(void **state)
{
	struct bench *bench = *state;
	unsigned int i;

	block(bench, 0);
	for (i = 1; i <= 4; i++)
		submit(bench, i);
	/* From the middle, from the end, from the front. */
	assert_true(worker_withdraw(bench->worker, &bench->errands[2].job));
	assert_true(worker_withdraw(bench->worker, &bench->errands[4].job));
	assert_true(worker_withdraw(bench->worker, &bench->errands[1].job));
	/* The end of the queue is where it should be. */
	submit(bench, 5);
	gate_open(&bench->gate);
	collect(bench, 3);
	assert_int_equal(bench->done[0], 0);
	assert_int_equal(bench->done[1], 3);
	assert_int_equal(bench->done[2], 5);
	assert_false(bench->errands[1].ran || bench->errands[2].ran ||
	    bench->errands[4].ran);
}

static void
withdraw__of_the_only_waiting_job__leaves_a_queue_that_works(void **state)
{
	struct bench *bench = *state;

	block(bench, 0);
	submit(bench, 1);
	assert_true(worker_withdraw(bench->worker, &bench->errands[1].job));
	submit(bench, 2);
	gate_open(&bench->gate);
	collect(bench, 2);
	assert_int_equal(bench->done[1], 2);
}

static void
withdraw__while_it_runs__is_false_and_done_comes(void **state)
{
	struct bench *bench = *state;

	block(bench, 0);
	assert_false(worker_withdraw(bench->worker, &bench->errands[0].job));
	gate_open(&bench->gate);
	collect(bench, 1);
	assert_int_equal(bench->errands[0].dones, 1);
}

static void
withdraw__when_it_has_run__is_false_and_done_comes(void **state)
{
	struct bench *bench = *state;

	submit(bench, 0);
	assert_true(is_readable(bench, PATIENCE));
	assert_false(worker_withdraw(bench->worker, &bench->errands[0].job));
	assert_int_equal(bench->ndone, 0);
	collect(bench, 1);
}

static void
withdraw__twice__is_false_the_second_time(void **state)
{
	struct bench *bench = *state;

	block(bench, 0);
	submit(bench, 1);
	assert_true(worker_withdraw(bench->worker, &bench->errands[1].job));
	assert_false(worker_withdraw(bench->worker, &bench->errands[1].job));
}

static void
withdraw__while_another_runs__does_not_wait_for_it(void **state)
{
	struct bench *bench = *state;

	/* That this returns at all is the test: the gate is shut. */
	block(bench, 0);
	submit(bench, 1);
	assert_true(worker_withdraw(bench->worker, &bench->errands[1].job));
	assert_int_equal(bench->ndone, 0);
}

/* ---------------------------------------------------------------- stopping */

static void
stop__while_a_job_runs__times_out_and_the_job_goes_on(void **state)
{
	struct bench *bench = *state;

	block(bench, 0);
	assert_false(worker_stop(bench->worker, 0));
	assert_false(worker_stop(bench->worker, 10));
	gate_open(&bench->gate);
	collect(bench, 1);
	assert_true(bench->errands[0].ran);
	/* teardown() stops it once more, and for good. */
}

static void
stop__waits_for_the_running_job_and_drops_the_others(void **state)
{
	struct bench *bench = *state;

	block(bench, 0);
	submit(bench, 1);
	submit(bench, 2);
	/* It is told to stop before the gate opens. */
	assert_false(worker_stop(bench->worker, 0));
	gate_open(&bench->gate);
	assert_true(worker_stop(bench->worker, PATIENCE));
	bench->worker = NULL;
	workshop_collect(bench->shop);
	assert_int_equal(bench->ndone, 1);
	assert_int_equal(bench->done[0], 0);
	assert_false(bench->errands[1].ran || bench->errands[2].ran);
}

static void
stop__of_an_idle_worker__is_true(void **state)
{
	struct bench *bench = *state;

	submit(bench, 0);
	collect(bench, 1);
	assert_true(worker_stop(bench->worker, PATIENCE));
	bench->worker = NULL;
}

/* "false: the job still runs": where none does, it cannot be false. */
static void
stop__of_an_idle_worker_without_patience__is_true(void **state)
{
	struct bench *bench = *state;
	struct worker *worker;
	unsigned int i, timed_out = 0;

	for (i = 0; i < 2000; i++) {
		worker = worker_new(bench->shop, &bench->server);
		assert_non_null(worker);
		if (!worker_stop(worker, 0)) {
			timed_out++;
			assert_true(worker_stop(worker, PATIENCE));
		}
	}
	assert_int_equal(timed_out, 0);
}

static void
stop__of_no_worker__is_true(void **state)
{
	(void)state;
	assert_true(worker_stop(NULL, 0));
	workshop_free(NULL);
}

static void
stop__with_a_job_that_was_not_collected__leaves_it_to_the_shop(void **state)
{
	struct bench *bench = *state;

	submit(bench, 0);
	assert_true(is_readable(bench, PATIENCE));
	assert_true(worker_stop(bench->worker, PATIENCE));
	bench->worker = NULL;
	assert_int_equal(bench->ndone, 0);
	workshop_collect(bench->shop);
	assert_int_equal(bench->ndone, 1);
}

/* ---------------------------------------------------------------- signals */

static volatile sig_atomic_t signalled;
static pthread_t signalled_in;

static void
on_signal(int number)
{
	(void)number;
	signalled_in = pthread_self();
	signalled = 1;
}

static void
worker__takes_no_signals_and_leaves_the_mask_alone(void **state)
{
	struct sigaction action = { .sa_handler = on_signal }, before;
	struct bench *bench = *state;
	sigset_t mask;

	assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
	assert_false(sigismember(&mask, SIGUSR1));
	block(bench, 0);
	signalled = 0;
	kill(getpid(), SIGUSR1);
	while (!signalled)
		continue;
	assert_true(pthread_equal(signalled_in, pthread_self()));
	gate_open(&bench->gate);
	collect(bench, 1);
	sigaction(SIGUSR1, &before, NULL);
}

/* ---------------------------------------------------------------- a lot */

/* What collects has other things to look after, too. */
static void
collect__of_many_jobs__takes_a_few_and_stays_readable(void **state)
{
	struct bench *bench = *state;
	unsigned int i, turns = 0;

	for (i = 1; i < NJOBS; i++)
		submit(bench, i);
	/* They run in order: when the last has come to the gate, all have. */
	block(bench, 0);
	while (bench->ndone < NJOBS - 1) {
		assert_true(is_readable(bench, 0));
		workshop_collect(bench->shop);
		turns++;
	}
	assert_true(turns > 1);
	for (i = 0; i < NJOBS - 1; i++)
		assert_int_equal(bench->done[i], i + 1);
	gate_open(&bench->gate);
	collect(bench, NJOBS);
}

/* ---------------------------------------------------------------- no server */

static void
run_alone(struct job *job, struct failover_server *server)
{
	struct errand *errand = (struct errand *)job;

	assert_null(server);
	errand->ran = true;
}

static void
worker__without_a_server__runs_jobs_all_the_same(void **state)
{
	struct bench *bench = *state;
	struct worker *worker = worker_new(bench->shop, NULL);

	assert_non_null(worker);
	bench->errands[0].job.run = run_alone;
	worker_submit(worker, &bench->errands[0].job);
	collect(bench, 1);
	assert_true(bench->errands[0].ran);
	assert_true(worker_stop(worker, PATIENCE));
}

static void
submit_and_withdraw__many_times__every_job_ends_once(void **state)
{
	struct bench *bench = *state;
	unsigned int round, i, withdrawn, all = 0;

	for (round = 0; round < 50; round++) {
		withdrawn = 0;
		bench->nran = bench->ndone = 0;
		for (i = 0; i < NJOBS; i++)
			submit(bench, i);
		for (i = 0; i < NJOBS; i += 3)
			withdrawn += worker_withdraw(bench->worker,
			    &bench->errands[NJOBS - 1 - i].job);
		collect(bench, NJOBS - withdrawn);
		assert_int_equal(bench->nran, NJOBS - withdrawn);
		all += NJOBS - withdrawn;
	}
	assert_int_equal(bench->server.report.calls, all);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(submit__many_jobs__run_and_are_done_in_that_order),
		TEST(
		    submit__of_one_job__runs_in_the_worker_and_is_done_in_the_collector),
		TEST(submit__from_done__runs_again),
		TEST(report__of_each_job__is_the_servers_just_after_it),
		TEST(descriptor__without_a_finished_job__is_not_readable),
		TEST(collect__when_nothing_is_finished__returns_at_once),
		TEST(wake__from_any_thread__makes_the_descriptor_readable),
		TEST(wake__many_times__is_one_wake),
		TEST(collect__of_two_workers__takes_the_jobs_of_both),
		TEST(withdraw__before_it_runs__is_true_and_it_never_runs),
		TEST(
		    withdraw__of_the_only_waiting_job__leaves_a_queue_that_works),
		TEST(withdraw__while_it_runs__is_false_and_done_comes),
		TEST(withdraw__when_it_has_run__is_false_and_done_comes),
		TEST(withdraw__twice__is_false_the_second_time),
		TEST(withdraw__while_another_runs__does_not_wait_for_it),
		TEST(stop__while_a_job_runs__times_out_and_the_job_goes_on),
		TEST(stop__waits_for_the_running_job_and_drops_the_others),
		TEST(stop__of_an_idle_worker__is_true),
		TEST(stop__of_an_idle_worker_without_patience__is_true),
		cmocka_unit_test(stop__of_no_worker__is_true),
		TEST(
		    stop__with_a_job_that_was_not_collected__leaves_it_to_the_shop),
		TEST(worker__takes_no_signals_and_leaves_the_mask_alone),
		TEST(collect__of_many_jobs__takes_a_few_and_stays_readable),
		TEST(worker__without_a_server__runs_jobs_all_the_same),
		TEST(submit_and_withdraw__many_times__every_job_ends_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
