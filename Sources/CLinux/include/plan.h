// The bytes that Swift and the node supervisor exchange. One message is a header and fields; a plan is fields alone.
// A field is a tag, a size and that many bytes, padded to 8. Numbers are 8 bytes, text ends in its only NUL.
// Everything is in the machine's own byte order: both ends are the same program on the same machine.
#pragma once
#include <stddef.h>
#include <stdint.h>

// A daemon greets with the oldest version it knows and then speaks the newer of what both know; version 2 added
// KD_OP_REPLACE and KD_BUILD.
#ifndef KD_PROTOCOL
#define KD_PROTOCOL 2
#endif
enum { KD_MAGIC = 0x6e73646b, KD_VERSION = KD_PROTOCOL, KD_OLDEST_VERSION = 1 };
enum { KD_MESSAGE_LIMIT = 65536, KD_PLAN_LIMIT = 4 << 20, KD_ID_LIMIT = 64, KD_FDS_LIMIT = 8 };

struct kd_header {
    uint32_t magic;
    uint16_t version;
    uint16_t operation;
    uint64_t request;  // echoed by the reply; 0 in events
    int32_t error;     // 0, or an errno in replies
    uint32_t size;     // of the whole message
};

struct kd_field_header {
    uint32_t tag;
    uint32_t size;  // of the bytes that follow, without padding
};

enum kd_operation {
    KD_OP_HELLO = 1,          // -> BOOT_ID, BUILD, PID descriptor
    KD_OP_NODE_HANDLES,       // -> network namespace, netlink socket
    KD_OP_CREATE_SANDBOX,     // ID, HOSTNAME, FLAGS, SYSCTL*, USERS, COUNT -> USERS likewise, network namespace, netlink socket
    KD_OP_SANDBOX_HANDLES,    // ID -> USERS where it has its own, network namespace, netlink socket
    KD_OP_REMOVE_SANDBOX,     // ID
    KD_OP_LIST_SANDBOXES,     // INDEX -> ID*, INDEX
    KD_OP_START,              // one descriptor: the plan -> STARTED, PID descriptor
    KD_OP_EXEC,               // plan and child ends of stdin, stdout, stderr -> STARTED, PID descriptor [terminal]
    KD_OP_LIST,               // INDEX -> CONTAINER*, INDEX
    KD_OP_PIDFD,              // ID -> PID descriptor
    KD_OP_SIGNAL,             // ID, NUMBER
    KD_OP_KILL,               // ID
    KD_OP_REMOVE,             // ID
    KD_OP_ATTACH,             // ID -> descriptor
    KD_OP_CLOSE_INPUT,        // ID
    KD_OP_RESIZE,             // ID, TERMINAL
    KD_OP_SOCKET,             // SANDBOX, DOMAIN, TYPE -> socket made in its network namespace
    KD_OP_ACKNOWLEDGE,        // ID: its exit was delivered
    KD_OP_SHUTDOWN,
    KD_OP_REPLACE,            // BUILD, descriptor of a program that goes on in its place -> BOOT_ID, BUILD of that program
    KD_OP_TAP,                // ID, descriptors that get what it writes from now on: output, errors
    KD_OP_EXITED = 0x100,     // event: CONTAINER
};

enum kd_tag {
    KD_ID = 1, KD_SANDBOX, KD_HOSTNAME, KD_FLAGS, KD_SYSCTL, KD_INDEX, KD_NUMBER, KD_TERMINAL, KD_DOMAIN, KD_TYPE,
    KD_BOOT_ID, KD_STARTED, KD_FINISHED, KD_STATUS, KD_OOM_KILLS, KD_PID, KD_STEP, KD_PATH, KD_CONTAINER,
    KD_USERS, KD_COUNT,       // the node's first id of a sandbox's own users and groups, and how many: inside they begin with 0
    // process
    KD_ARGUMENT = 32, KD_VARIABLE, KD_DIRECTORY, KD_UID, KD_GID, KD_GROUP, KD_CAPABILITIES, KD_FILTER, KD_LIMIT, KD_OOM_SCORE,
    KD_PROFILE,               // the AppArmor profile that confines it; without, what confines the supervisor
    // container
    KD_LAYER = 64, KD_UPPER, KD_WORK, KD_MOUNT, KD_MASK, KD_READ_ONLY, KD_CGROUP, KD_LOG,
    KD_SOURCE, KD_SUBPATH, KD_TARGET, KD_SIZE, KD_FILES,
    KD_PROCESSES,             // id of a running container whose processes this one sees and is among
    // boot
    KD_ROOT = 96, KD_RUN, KD_STATE, KD_BIND, KD_HIERARCHY, KD_OPTIONS, KD_ENTER, KD_LEAF, KD_OWNER, KD_BUILD,
};

enum {  // KD_FLAGS of a sandbox
    KD_SANDBOX_HOST_NETWORK = 1, KD_SANDBOX_HOST_IPC = 2, KD_SANDBOX_HOST_PID = 4, KD_SANDBOX_SHARED_PID = 8,
};
enum {  // KD_FLAGS of a process or container
    KD_NO_NEW_PRIVILEGES = 1, KD_HAS_TERMINAL = 2, KD_HAS_INPUT = 4, KD_READ_ONLY_ROOT = 8, KD_WRITABLE_SYS = 16,
};
enum {  // KD_FLAGS of a mount
    KD_MOUNT_TEMPORARY = 1, KD_MOUNT_READ_ONLY = 2, KD_MOUNT_RECURSIVE = 4, KD_MOUNT_FROM_NODE = 8, KD_MOUNT_BOTH = 16,
    KD_MOUNT_MAKE_DIRECTORY = 32, KD_MOUNT_MAKE_FILE = 64,  // when the source is missing
    KD_MOUNT_READ_ONLY_BELOW = 128,  // what is mounted below the source as well
    KD_MOUNT_MAPPED = 256,           // the source already shows itself to the sandbox's own users
};
enum { KD_BOOT_ROOTLESS = 1, KD_BOOT_CGROUP2 = 2 };
enum { KD_STATE_STARTING = 1, KD_STATE_RUNNING, KD_STATE_EXITED };  // KD_FLAGS of a listed container

// How a supervisor hands itself to the program that replaces it: this header, then fields as in a message.
// Version 2 has a sandbox with users of its own: a program that knows nothing of them would start its containers as the node's root.
#ifndef KD_STATE_NEWEST
#define KD_STATE_NEWEST 2
#endif
enum { KD_STATE_MAGIC = 0x7473646b, KD_STATE_VERSION = KD_STATE_NEWEST, KD_STATE_OLDEST_VERSION = 1 };
struct kd_state_header { uint32_t magic, version; uint64_t size; };  // size of the whole

// The journal: fixed records, appended. Exits are on disk before anybody hears of them. What comes before the records that a
// snapshot counts is history; records that are damaged are left out.
enum { KD_JOURNAL_MAGIC = 0x6a73646b };
enum kd_journal_kind { KD_JOURNAL_STARTED = 1, KD_JOURNAL_EXITED, KD_JOURNAL_REMOVED, KD_JOURNAL_SNAPSHOT };
struct kd_journal_record {
    uint32_t magic;
    uint32_t kind;
    char id[KD_ID_LIMIT];
    char sandbox[KD_ID_LIMIT];
    char boot_id[40];
    int32_t pid;              // in the node
    int32_t status;           // wait status; of a snapshot, how many records before this one it has
    uint64_t start_ticks;     // field 22 of /proc/<pid>/stat
    uint64_t oom_kills;
    int64_t time;             // nanoseconds since 1970
    uint64_t checksum;        // FNV-1a of everything before it
};
uint64_t kd_journal_checksum(const struct kd_journal_record *record);

// Reading fields. Nothing outside the given bytes is ever touched.
struct kd_cursor { const uint8_t *at, *end; };
struct kd_field { uint32_t tag, size; const uint8_t *bytes; };
// 1 and a field, 0 at the end, -1 when the bytes are malformed.
int kd_next(struct kd_cursor *cursor, struct kd_field *field);
// The text of a field, NULL unless it ends in its only NUL.
const char *kd_text(const struct kd_field *field);
// 0, or -1 unless the field holds exactly one number.
int kd_number(const struct kd_field *field, uint64_t *number);
