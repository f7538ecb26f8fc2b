// Turning plan bytes into pointers, with every bound checked.
#include "supervisor_internal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool valid_id(const char *id) {
    size_t n = id ? strlen(id) : 0;
    return n > 0 && n < KD_ID_LIMIT && id[0] != '.'
        && strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

static int read_mount(const struct kd_field *field, struct mount_plan *mount) {
    struct kd_cursor cursor = { field->bytes, field->bytes + field->size };
    struct kd_field inner;
    int more;
    *mount = (struct mount_plan) { .source = "", .subpath = "" };
    while ((more = kd_next(&cursor, &inner)) > 0) {
        switch (inner.tag) {
        case KD_SOURCE: mount->source = kd_text(&inner); break;
        case KD_SUBPATH: mount->subpath = kd_text(&inner); break;
        case KD_TARGET: mount->target = kd_text(&inner); break;
        case KD_FLAGS: if (kd_number(&inner, &mount->flags) < 0) return -1; break;
        case KD_SIZE: if (kd_number(&inner, &mount->size) < 0) return -1; break;
        case KD_TYPE: if (kd_number(&inner, &mount->type) < 0) return -1; break;
        default: return -1;
        }
    }
    return more < 0 || !mount->source || !mount->subpath || !mount->target ? -1 : 0;
}

static int read_log(const struct kd_field *field, struct plan *plan) {
    struct kd_cursor cursor = { field->bytes, field->bytes + field->size };
    struct kd_field inner;
    int more;
    while ((more = kd_next(&cursor, &inner)) > 0) {
        switch (inner.tag) {
        case KD_PATH: plan->log_path = kd_text(&inner); break;
        case KD_SIZE: if (kd_number(&inner, &plan->log_size) < 0) return -1; break;
        case KD_FILES: if (kd_number(&inner, &plan->log_files) < 0) return -1; break;
        default: return -1;
        }
    }
    return more < 0 || !plan->log_path || plan->log_size < PARTIAL_LIMIT || plan->log_files < 1 || plan->log_files > 1000 ? -1 : 0;
}

// How many fields of each repeated kind there are.
static int count_fields(struct kd_cursor cursor, size_t counts[128]) {
    struct kd_field field;
    int more;
    memset(counts, 0, 128 * sizeof *counts);
    while ((more = kd_next(&cursor, &field)) > 0)
        if (field.tag < 128) counts[field.tag]++;
    return more;
}

static int read_text(const struct kd_field *field, const char **text) {
    *text = kd_text(field);
    return *text ? 0 : -1;
}

static int read_field(const struct kd_field *field, struct plan *plan) {
    uint64_t number;
    switch (field->tag) {
    case KD_ID: return read_text(field, &plan->id);
    case KD_SANDBOX: return read_text(field, &plan->sandbox);
    case KD_CGROUP: return read_text(field, &plan->cgroup);
    case KD_DIRECTORY: return read_text(field, &plan->directory);
    case KD_UPPER: return read_text(field, &plan->upper);
    case KD_WORK: return read_text(field, &plan->work);
    case KD_PROCESSES: return read_text(field, &plan->processes);
    case KD_PROFILE: return read_text(field, &plan->profile);
    case KD_ARGUMENT: return read_text(field, (const char **)&plan->arguments[plan->argument_count++]);
    case KD_VARIABLE: return read_text(field, (const char **)&plan->variables[plan->variable_count++]);
    case KD_LAYER: return read_text(field, &plan->layers[plan->layer_count++]);
    case KD_MASK: return read_text(field, &plan->masks[plan->mask_count++]);
    case KD_READ_ONLY: return read_text(field, &plan->read_only[plan->read_only_count++]);
    case KD_MOUNT: return read_mount(field, &plan->mounts[plan->mount_count++]);
    case KD_LOG: return read_log(field, plan);
    case KD_UID: return kd_number(field, &plan->uid) < 0 || plan->uid > INT32_MAX ? -1 : 0;
    case KD_GID: return kd_number(field, &plan->gid) < 0 || plan->gid > INT32_MAX ? -1 : 0;
    case KD_CAPABILITIES: return kd_number(field, &plan->capabilities);
    case KD_FLAGS: return kd_number(field, &plan->flags);
    case KD_TERMINAL: return kd_number(field, &plan->terminal);
    case KD_OOM_SCORE: return kd_number(field, (uint64_t *)&plan->oom_score);
    case KD_GROUP:
        if (kd_number(field, &number) < 0 || number > INT32_MAX) return -1;
        plan->groups[plan->group_count++] = (gid_t)number;
        return 0;
    case KD_FILTER:
        if (field->size % 8 || field->size > 4096 * 8) return -1;
        plan->filter = field->bytes;
        plan->filter_size = field->size / 8;
        return 0;
    case KD_LIMIT:
        if (field->size != sizeof(struct limit) || plan->limit_count == 16) return -1;
        memcpy(&plan->limits[plan->limit_count++], field->bytes, sizeof(struct limit));
        return 0;
    default: return -1;
    }
}

static int read_fields(struct plan *plan, size_t size) {
    uint8_t *bytes = (uint8_t *)plan->bytes;
    struct kd_cursor cursor = { bytes, bytes + size };
    size_t counts[128];
    if (count_fields(cursor, counts) < 0) return EBADMSG;
    plan->arguments = calloc(counts[KD_ARGUMENT] + 1, sizeof(char *));
    plan->variables = calloc(counts[KD_VARIABLE] + 1, sizeof(char *));
    plan->layers = calloc(counts[KD_LAYER] + 1, sizeof(char *));
    plan->masks = calloc(counts[KD_MASK] + 1, sizeof(char *));
    plan->read_only = calloc(counts[KD_READ_ONLY] + 1, sizeof(char *));
    plan->mounts = calloc(counts[KD_MOUNT] + 1, sizeof(struct mount_plan));
    plan->groups = calloc(counts[KD_GROUP] + 1, sizeof(gid_t));
    if (!plan->arguments || !plan->variables || !plan->layers || !plan->masks || !plan->read_only || !plan->mounts || !plan->groups)
        return ENOMEM;
    struct kd_field field;
    int more;
    while ((more = kd_next(&cursor, &field)) > 0)
        if (read_field(&field, plan) < 0) return EBADMSG;
    if (more < 0 || !valid_id(plan->id) || !plan->argument_count || !plan->cgroup || strlen(plan->cgroup) >= 256) return EBADMSG;
    if (!plan->directory || plan->directory[0] != '/') return EBADMSG;
    return 0;
}

int plan_read(int fd, struct plan *plan) {
    *plan = (struct plan) { 0 };
    struct stat info;
    if (fstat(fd, &info) < 0) return errno;
    if (!S_ISREG(info.st_mode) || info.st_size <= 0 || info.st_size > KD_PLAN_LIMIT) return EMSGSIZE;
    size_t size = (size_t)info.st_size;
    plan->bytes = malloc(size);
    if (!plan->bytes) return ENOMEM;
    // A copy: the sender may change its memory, the plan that was checked may not.
    int error = pread(fd, plan->bytes, size, 0) == (ssize_t)size ? read_fields(plan, size) : EBADMSG;
    if (error) plan_free(plan);
    return error;
}

void plan_free(struct plan *plan) {
    free(plan->arguments);
    free(plan->variables);
    free(plan->layers);
    free(plan->masks);
    free(plan->read_only);
    free(plan->mounts);
    free(plan->groups);
    free(plan->bytes);
    *plan = (struct plan) { 0 };
}
