/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server_test.h - a local server that sleeps and fails on command, for tests.
 *
 * Its keys are those of the local type, and
 *
 *   control  a file, none by default, that is read before each operation
 *   calls    a file, none by default, that gets a line for each operation
 *   atomic   no: as a type that offers no begin, commit, rollback and restore
 *
 * The lines of the control file, of which the first that matches counts, are
 *
 *   OP DELAY CODE WHEN [COUNT [NAME]]
 *
 * OP     list get set create delete add_scopes delete_scopes begin commit
 *        restore scope_relationship scope_statistics system_time
 *        trigger_allocation address_status, or * for each of them
 * DELAY  milliseconds to sleep first
 * CODE   the Win32 code to answer, or 0
 * WHEN   before: the operation is not done; after: it is done, and if that
 *        goes well, CODE is answered all the same; none: CODE does not matter
 * COUNT  only the COUNT-th call that OP and NAME match, counted per handle from
 *        when it first saw the line; 0 or - is every call, and 3+ the third
 *        one and all after it
 * NAME   only the relationship of this name, which is the rest of the line
 *
 * Blank lines and those that begin with # do not count.  A line that cannot be
 * understood makes every operation fail with ERROR_INVALID_PARAMETER.
 *
 * The lines of the calls file, written when the operation starts, before the
 * delay:
 *
 *   list, begin, commit, rollback, system_time
 *   get NAME, delete NAME, trigger_allocation NAME
 *   set NAME 0xFLAGS                         in hexadecimal digits: 0x19
 *   create NAME N, add_scopes NAME N, delete_scopes NAME N   N: of the scopes
 *   restore NAME, restore NAME absent
 *   scope_relationship ADDRESS, scope_statistics ADDRESS,
 *   address_status ADDRESS
 */
#ifndef DHCPFO_SERVER_TEST_H
#define DHCPFO_SERVER_TEST_H

#include "server.h"

/* Not const: its keys are put together when the program starts. */
extern struct failover_server_type failover_server_test;

#endif
