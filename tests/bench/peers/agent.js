// SPDX-License-Identifier: BSD-2-Clause
//
// agent.js PORT ROWS - the rows of the benchmark by npm's net-snmp, whose
// subagent knows TCP only.
"use strict";
const snmp = require("net-snmp");
const port = Number(process.argv[2]), n = Number(process.argv[3]);
const { Integer, OctetString, Gauge } = snmp.ObjectType;
const { "read-only": ro, "read-write": rw, "not-accessible": na } = snmp.MaxAccess;

const columns = [
	[2, OctetString, ro], [3, Integer, rw], [4, Integer, ro],
	[5, Integer, rw], [6, Integer, rw], [7, Gauge, rw], [8, Gauge, rw],
	[9, Gauge, rw], [11, OctetString, ro], [13, OctetString, ro],
	[14, OctetString, ro], [15, OctetString, ro], [16, OctetString, ro],
	[17, Integer, ro],
].map(([number, type, access]) =>
    ({ number, name: "column" + number, type, maxAccess: access }));

// Only strings can be encoded, and only octets below 128 come out as they are.
function octets(second, i) {
	return String.fromCharCode(10, second | i >> 14, i >> 7 & 127, i & 127);
}

const subagent = snmp.createSubagent({ master: "127.0.0.1",
    masterPort: port, timeout: 10, description: "bench" });
subagent.open((error) => {
	if (error)
		throw error;
	const provider = { name: "bench", type: snmp.MibProviderType.Table,
	    oid: "1.3.6.1.4.1.8072.9999.9999.647.1.3.1",
	    maxAccess: na,
	    tableColumns: [
		{ number: 100, name: "server", type: Integer, maxAccess: na },
		{ number: 101, name: "key", type: OctetString, maxAccess: na },
		...columns],
	    tableIndex: [{ columnName: "server" }, { columnName: "key" }] };
	subagent.registerProvider(provider, (failed) => {
		if (failed)
			throw failed;
		const mib = subagent.getMib();
		for (let i = 0; i < n; i++) {
			const key = "rel" + String(i).padStart(7, "0");
			mib.addTableRow("bench", [1, key, key, 0, i & 1, 3, 3,
			    3600, 7200, 50, octets(0, i),
			    octets(64, i), "dhcp1.example.net",
			    "dhcp2.example.net", "", 1]);
		}
	});
});
