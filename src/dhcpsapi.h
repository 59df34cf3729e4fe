/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dhcpsapi.h - DHCPv4 failover management, by the names of the source API.
 *
 * These are the data types, flags, error codes and functions with which
 * Windows manages DHCPv4 failover relationships (MS-DHCPM 2.2.1.2.98 and
 * 3.2.4.90-101, dhcpsapi.h of the Windows SDK), on top of any server type that
 * the configuration of dhcpfo names.  Two things differ from Windows: strings
 * are UTF-8 instead of UTF-16, and what a call returns is one block, freed by
 * one DhcpRpcFreeMemory().
 *
 * Which server a call is for: ServerIpAddress NULL means the first configured
 * server, otherwise a configured server's name or its address; none of them is
 * ERROR_DHCP_SERVER_NAME_NOT_RESOLVED.
 *
 * Every function returns ERROR_SUCCESS or an error of enum dhcp_error, changes
 * nothing when it fails (but after ERROR_TIMEOUT and RPC_S_CALL_FAILED, when an
 * answer was lost, nobody knows: look before you repeat it), may block as long
 * as the server's type allows (the embedded one: until the disk has the
 * change), and may be called from any thread.  Output parameters are touched
 * only on success unless said otherwise.
 */
#ifndef DHCPFO_DHCPSAPI_H
#define DHCPFO_DHCPSAPI_H

#include <stdint.h>

typedef uint32_t DWORD;
typedef uint8_t BYTE;
typedef DWORD DHCP_IP_ADDRESS; /* first octet in the most significant byte */
typedef DWORD DHCP_RESUME_HANDLE;

/*
 * Error codes: Win32 numbers as the Windows SDK defines them.  (The numbers
 * printed in MS-DHCPM for the FO block are shifted; the SDK's are what servers
 * send.)  Servers may return codes that are not listed here.
 */
enum dhcp_error {
	ERROR_SUCCESS = 0,
	ERROR_FILE_NOT_FOUND = 2,
	ERROR_ACCESS_DENIED = 5,
	ERROR_NOT_ENOUGH_MEMORY = 8,
	ERROR_WRITE_PROTECT = 19,
	ERROR_GEN_FAILURE = 31,
	ERROR_NOT_SUPPORTED = 50,
	ERROR_INVALID_PARAMETER = 87,
	ERROR_DISK_FULL = 112,
	ERROR_BUSY = 170,
	ERROR_MORE_DATA = 234,
	ERROR_NO_MORE_ITEMS = 259,
	ERROR_OPERATION_ABORTED = 995,
	ERROR_IO_PENDING = 997,
	ERROR_FILE_CORRUPT = 1392,
	ERROR_TIMEOUT = 1460,
	RPC_S_UNKNOWN_IF = 1717,
	RPC_S_SERVER_UNAVAILABLE = 1722,
	RPC_S_CALL_FAILED = 1726,
	RPC_S_CALL_FAILED_DNE = 1727,
	RPC_S_PROCNUM_OUT_OF_RANGE = 1745,
	EPT_S_NOT_REGISTERED = 1753,
	RPC_X_NULL_REF_POINTER = 1780,
	RPC_X_BAD_STUB_DATA = 1783,
	ERROR_DHCP_SUBNET_NOT_PRESENT = 20005,
	ERROR_DHCP_ELEMENT_CANT_REMOVE = 20007,
	ERROR_DHCP_JET_ERROR = 20013,
	ERROR_DHCP_INVALID_DHCP_CLIENT = 20016,
	ERROR_DHCP_SERVICE_PAUSED = 20017,
	ERROR_SCOPE_RANGE_POLICY_RANGE_CONFLICT = 20112,
	ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP = 20113,
	ERROR_DHCP_FO_RELATIONSHIP_EXISTS = 20114,
	ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST = 20115,
	ERROR_DHCP_FO_SCOPE_NOT_IN_RELATIONSHIP = 20116,
	ERROR_DHCP_FO_RELATION_IS_SECONDARY = 20117,
	ERROR_DHCP_FO_NOT_SUPPORTED = 20118,
	ERROR_DHCP_FO_TIME_OUT_OF_SYNC = 20119,
	ERROR_DHCP_FO_STATE_NOT_NORMAL = 20120,
	ERROR_DHCP_NO_ADMIN_PERMISSION = 20121,
	ERROR_DHCP_SERVER_NOT_REACHABLE = 20122,
	ERROR_DHCP_SERVER_NOT_RUNNING = 20123,
	ERROR_DHCP_SERVER_NAME_NOT_RESOLVED = 20124,
	ERROR_DHCP_FO_RELATIONSHIP_NAME_TOO_LONG = 20125,
	ERROR_DHCP_REACHED_END_OF_SELECTION = 20126,
	ERROR_DHCP_FO_ADDSCOPE_LEASES_NOT_SYNCED = 20127,
	ERROR_DHCP_FO_MAX_RELATIONSHIPS = 20128,
	ERROR_DHCP_FO_IPRANGE_TYPE_CONV_ILLEGAL = 20129,
	ERROR_DHCP_FO_MAX_ADD_SCOPES = 20130,
	ERROR_DHCP_FO_BOOT_NOT_SUPPORTED = 20131,
	ERROR_DHCP_FO_RANGE_PART_OF_REL = 20132,
	ERROR_DHCP_FO_SCOPE_SYNC_IN_PROGRESS = 20133,
	ERROR_DHCP_FO_FEATURE_NOT_SUPPORTED = 20134,
	ERROR_LAST_DHCP_SERVER_ERROR = 20139
};

/* Which members a Set changes (MS-DHCPM 3.2.4.91; the last from the SDK). */
#define MCLT 0x00000001u
#define SAFEPERIOD 0x00000002u
#define CHANGESTATE 0x00000004u
#define PERCENTAGE 0x00000008u
#define MODE 0x00000010u
#define PREVSTATE 0x00000020u
#define SHAREDSECRET 0x00000040u

/* Limits of the source API. */
#define DHCP_FAILOVER_MAX_NUM_REL 31u
#define DHCP_FAILOVER_MAX_NUM_ADD_SCOPES 400u
#define DHCP_FAILOVER_MAX_NAME 126u /* UTF-16 units, without the NUL */
#define DHCP_FAILOVER_NEVER 0xFFFFFFFFu /* safePeriod: no automatic change */

typedef enum _DHCP_FAILOVER_MODE {
	LoadBalance = 0,
	HotStandby = 1
} DHCP_FAILOVER_MODE;

typedef enum _DHCP_FAILOVER_SERVER {
	PrimaryServer = 0,
	SecondaryServer = 1
} DHCP_FAILOVER_SERVER;

/* State of a server's endpoint (MS-DHCPM 2.2.1.1.20; the last two: SDK). */
typedef enum _FSM_STATE {
	NO_STATE = 0,
	INIT,
	STARTUP,
	NORMAL,
	COMMUNICATION_INT,
	PARTNER_DOWN,
	POTENTIAL_CONFLICT,
	CONFLICT_DONE,
	RESOLUTION_INT,
	RECOVER,
	RECOVER_WAIT,
	RECOVER_DONE,
	PAUSED, /* reserved */
	SHUTDOWN /* reserved */
} FSM_STATE;

typedef struct _DHCP_IP_ARRAY {
	DWORD NumElements;
	DHCP_IP_ADDRESS *Elements;
} DHCP_IP_ARRAY, *LPDHCP_IP_ARRAY;

/* One failover relationship as one of its two servers sees it. */
typedef struct _DHCP_FAILOVER_RELATIONSHIP {
	DHCP_IP_ADDRESS PrimaryServer;
	DHCP_IP_ADDRESS SecondaryServer;
	DHCP_FAILOVER_MODE Mode;
	DHCP_FAILOVER_SERVER ServerType; /* the role of the server asked */
	FSM_STATE State;
	FSM_STATE PrevState;
	DWORD Mclt; /* seconds */
	DWORD SafePeriod; /* seconds; DHCP_FAILOVER_NEVER */
	char *RelationshipName; /* the key; UTF-8, at most 126 UTF-16 units */
	char *PrimaryServerName;
	char *SecondaryServerName;
	LPDHCP_IP_ARRAY pScopes; /* subnet addresses; NULL: none */
	BYTE Percentage; /* 0..100: load share of the primary, or reserve */
	char *SharedSecret; /* NULL or "": messages are not authenticated */
} DHCP_FAILOVER_RELATIONSHIP, *LPDHCP_FAILOVER_RELATIONSHIP;

typedef struct _DHCP_FAILOVER_RELATIONSHIP_ARRAY {
	DWORD NumElements;
	LPDHCP_FAILOVER_RELATIONSHIP pRelationships;
} DHCP_FAILOVER_RELATIONSHIP_ARRAY, *LPDHCP_FAILOVER_RELATIONSHIP_ARRAY;

/*
 * Addresses of one scope (MS-DHCPM 2.2.1.2.100).  0xFFFFFFFF: a number that the
 * server does not give, such as Kea the shares of the two.
 */
typedef struct _DHCP_FAILOVER_STATISTICS {
	DWORD NumAddr;
	DWORD AddrFree;
	DWORD AddrInUse;
	DWORD PartnerAddrFree;
	DWORD ThisAddrFree;
	DWORD PartnerAddrInUse;
	DWORD ThisAddrInUse;
} DHCP_FAILOVER_STATISTICS, *LPDHCP_FAILOVER_STATISTICS;

/* What DhcpV4FailoverGetAddressStatus answers (MS-DHCPM 3.2.4.126). */
#define DHCP_FAILOVER_ADDRESS_PRIMARY 0u
#define DHCP_FAILOVER_ADDRESS_SECONDARY 1u
#define DHCP_FAILOVER_ADDRESS_EXCLUDED 2u
#define DHCP_FAILOVER_ADDRESS_RESERVED 3u

/**
 * Use the servers of ${configuration} (a dhcpfod.conf) for all calls below.
 * Without this call the first one reads $DHCPFO_CONF, or else the configuration
 * of the installed dhcpfod.  A file that cannot be used is reported on standard
 * error as "file:line: message".
 * Errors: ERROR_FILE_NOT_FOUND, ERROR_ACCESS_DENIED, ERROR_INVALID_PARAMETER
 * (the file is bad), ERROR_NOT_ENOUGH_MEMORY, ERROR_BUSY (already open).
 */
DWORD DhcpfoOpen(const char *configuration);

/** Close what DhcpfoOpen() or the first call opened.  No call may run. */
void DhcpfoClose(void);

/** The name of ${error} as above, or "ERROR_UNKNOWN"; never freed. */
const char *DhcpfoErrorName(DWORD error);

/** One sentence about ${error}; never freed. */
const char *DhcpfoErrorText(DWORD error);

/**
 * Change the members of the relationship pRelationship->RelationshipName that
 * ${Flags} names to those of ${pRelationship}; other members are ignored.
 * MS-DHCPM 3.2.4.91.  Errors, in this order: ERROR_INVALID_PARAMETER (a NULL,
 * no flag, an unknown flag, a flagged Percentage > 100 or Mode not 0 or 1),
 * ERROR_NOT_SUPPORTED (this server type cannot change such a member),
 * ERROR_ACCESS_DENIED, ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST.
 */
DWORD DhcpV4FailoverSetRelationship(const char *ServerIpAddress, DWORD Flags,
    const DHCP_FAILOVER_RELATIONSHIP *pRelationship);

/**
 * Create ${pRelationship} on this server only: the partner needs a call of its
 * own.  State and PrevState are ignored (STARTUP, INIT); SafePeriod 0 means
 * DHCP_FAILOVER_NEVER.  MS-DHCPM 3.2.4.90.  Errors, in this order:
 * ERROR_INVALID_PARAMETER, ERROR_NOT_SUPPORTED (this server type cannot create
 * any), ERROR_ACCESS_DENIED, ERROR_DHCP_SUBNET_NOT_PRESENT,
 * ERROR_DHCP_FO_RELATIONSHIP_NAME_TOO_LONG, ERROR_DHCP_FO_MAX_RELATIONSHIPS,
 * ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP,
 * ERROR_DHCP_FO_RELATIONSHIP_EXISTS.
 */
DWORD DhcpV4FailoverCreateRelationship(const char *ServerIpAddress,
    const DHCP_FAILOVER_RELATIONSHIP *pRelationship);

/** Delete a relationship on this server; its scopes stay.  3.2.4.92. */
DWORD DhcpV4FailoverDeleteRelationship(const char *ServerIpAddress,
    const char *pRelationshipName);

/**
 * Read one relationship into ${*pRelationship}, to be freed with
 * DhcpRpcFreeMemory().  MS-DHCPM 3.2.4.93.
 */
DWORD DhcpV4FailoverGetRelationship(const char *ServerIpAddress,
    const char *pRelationshipName, LPDHCP_FAILOVER_RELATIONSHIP *pRelationship);

/**
 * Read relationships from ${*ResumeHandle} (0: the first) on, as many as fit
 * into ${preferredMaximum} octets but at least one.  ${*pRelationship} is freed
 * with DhcpRpcFreeMemory(); ${*relationshipRead} is their number, and
 * ${*relationshipTotal} that of those still to come.  MS-DHCPM 3.2.4.94.
 * ERROR_SUCCESS: that was all; ERROR_MORE_DATA: call again with the handle;
 * ERROR_NO_MORE_ITEMS: nothing (left).  The first two return an array, in the
 * order of names.  SharedSecret is NULL in it, whether there is one or not.
 */
DWORD DhcpV4FailoverEnumRelationship(const char *ServerIpAddress,
    DHCP_RESUME_HANDLE *pResumeHandle, DWORD preferredMaximum,
    LPDHCP_FAILOVER_RELATIONSHIP_ARRAY *pRelationship, DWORD *relationshipRead,
    DWORD *relationshipTotal);

/**
 * Add pRelationship->pScopes to the relationship of that name; all or none.
 * MS-DHCPM 3.2.4.95.  Errors, in this order: ERROR_INVALID_PARAMETER,
 * ERROR_ACCESS_DENIED, ERROR_DHCP_SUBNET_NOT_PRESENT,
 * ERROR_DHCP_FO_MAX_ADD_SCOPES, ERROR_FILE_NOT_FOUND (no relationship at all),
 * ERROR_DHCP_FO_SCOPE_ALREADY_IN_RELATIONSHIP,
 * ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST, ERROR_DHCP_FO_STATE_NOT_NORMAL.
 */
DWORD DhcpV4FailoverAddScopeToRelationship(const char *ServerIpAddress,
    const DHCP_FAILOVER_RELATIONSHIP *pRelationship);

/** Remove pScopes from a relationship; the state may be any.  3.2.4.96. */
DWORD DhcpV4FailoverDeleteScopeFromRelationship(const char *ServerIpAddress,
    const DHCP_FAILOVER_RELATIONSHIP *pRelationship);

/** The relationship that ${scopeId} is in; freed as above.  3.2.4.97. */
DWORD DhcpV4FailoverGetScopeRelationship(const char *ServerIpAddress,
    DHCP_IP_ADDRESS scopeId, LPDHCP_FAILOVER_RELATIONSHIP *pRelationship);

/** Statistics of ${scopeId}; freed as above.  3.2.4.98. */
DWORD DhcpV4FailoverGetScopeStatistics(const char *ServerIpAddress,
    DHCP_IP_ADDRESS scopeId, LPDHCP_FAILOVER_STATISTICS *pStats);

/**
 * The server's clock, in seconds since 1970 UTC, and by how many seconds the
 * partner's may differ (${pMaxAllowedDeltaTime} may be NULL).  3.2.4.100.
 */
DWORD DhcpV4FailoverGetSystemTime(const char *ServerIpAddress, DWORD *pTime,
    DWORD *pMaxAllowedDeltaTime);

/** Distribute the free addresses anew; on the primary only.  3.2.4.101. */
DWORD DhcpV4FailoverTriggerAddrAllocation(const char *ServerIpAddress,
    const char *pFailRelName);

/** DHCP_FAILOVER_ADDRESS_* of host ${SubnetAddress}.  3.2.4.126. */
DWORD DhcpV4FailoverGetAddressStatus(const char *ServerIpAddress,
    DHCP_IP_ADDRESS SubnetAddress, DWORD *pStatus);

/**
 * Free what a call returned; NULL is fine.  Who wants a secret in it
 * overwritten does that before.
 */
void DhcpRpcFreeMemory(void *BufferPointer);

#endif
