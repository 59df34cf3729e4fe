/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.h - what can fail: memory, a step of the database, a system call of our
 * own, a call to a server, the answer of a peer.  One fault is armed at a time,
 * and counts.
 */
#ifndef DHCPFO_TORTURE_FAULT_H
#define DHCPFO_TORTURE_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Kinds, as bits. */
#define FAULT_MEMORY 0x01u
#define FAULT_DATABASE 0x02u
#define FAULT_SYSTEM 0x04u
#define FAULT_SERVER 0x08u
#define FAULT_ANSWER 0x10u /* of a server's call, which is done or not */
#define FAULT_WIRE 0x20u /* a system call on the way to a peer */
#define FAULT_PEER 0x40u /* the answer of a peer */
#define FAULT_KINDS 7u

struct fault {
	const char *name;
	unsigned int kind;
	bool forever; /* all from the n-th on fail */
	size_t which; /* of its kind */
};

extern const struct fault faults[];
extern const size_t nfaults;

/** What kind number ${i} is called. */
const char *fault_kind_name(unsigned int i);

/** Before anything else. */
void fault_init(void);

/** Can ${fault} happen in this program?  Sanitizers have their own memory. */
bool fault_works(const struct fault *fault);

/** The files by which server ${i}, 0 or 1, is told to fail, and says so. */
void fault_server(size_t i, const char *control, const char *calls);

/* What becomes of an answer. */
enum fault_way {
	FAULT_WAY_GOOD,
	FAULT_WAY_IGNORED, /* not done, no answer */
	FAULT_WAY_LOST, /* done, no answer */
	FAULT_WAY_HALF, /* done, half of the answer */
	FAULT_WAY_NONSENSE /* done, and then this */
};

/*
 * What peers are told, which are processes of their own: in memory that is
 * shared with them.  All zero is no fault.
 */
struct fault_peer {
	_Atomic(enum fault_way) way;
	atomic_bool forever;
	atomic_ulong at, seen, hits;
};

/** The peer that is told from now on, or NULL. */
void fault_peer(struct fault_peer *peer);

/** For a peer: the way of its next answer. */
enum fault_way fault_peer_way(struct fault_peer *peer);

/** What sees all that is sent to a peer from now on, or NULL. */
void fault_watch(void (*sent)(const void *at, size_t n));

/** From now on the ${n}-th, from 1, of what ${fault} is about fails. */
void fault_arm(const struct fault *fault, unsigned long n);

/** No more.  Returns how many failed. */
unsigned long fault_disarm(void);

/**
 * Another process is to have it: what is armed, from its ${n}-th on, is not any
 * more here; or NULL.
 */
const struct fault *fault_take(unsigned long *n);

/** ${hits} failed in another process. */
void fault_add(unsigned long hits);

/** How many allocations are alive. */
long fault_live(void);

#endif
