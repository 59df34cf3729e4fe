/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a restart finds in the state directory: a file of any octets is used, or
 * said to be unusable, and never in the way.
 */
#include "lab.h"

#include "history.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct history_row row = { 1, "branch-7", 3, 1, 1, 1 };
	const struct event event = { .kind = EVENT_OTHER,
		.server = "s",
		.relationship = "r",
		.text = "t",
		.index = 1 };
	struct workshop *shop;
	struct event_log *events;
	struct history *history;
	char path[128];

	lab_file("dhcpfod-state.db-wal", data, 0, path);
	unlink(path);
	snprintf(path, sizeof(path), "%s/dhcpfod-state.db-shm", lab_dir);
	unlink(path);
	lab_file("dhcpfod-state.db", data, size, path);
	must((shop = workshop_new()) != NULL);
	must((events = event_log_new(16)) != NULL);
	must((history = history_open(lab_dir, shop, events)) != NULL);
	history_find(history, 1, "branch-7");
	history_keep(history, &row);
	history_event(history, &event);
	history_forget(history, 1, "branch-7");
	history_close(history, 10000);
	event_log_free(events);
	workshop_free(shop);
	log_flush();
	return 0;
}
