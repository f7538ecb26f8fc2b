// Reading the OCI runtime's plan.
#include "oci_internal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Room for one more of `size` bytes; arrays grow by doubling from 8.
static void *room(void *array, size_t count, size_t size) {
    if (count & (count - 1) || (count && count < 8)) return array;
    return realloc(array, (count ? count * 2 : 8) * size);
}

#define ADD(array, count) ((array) = room((array), (count), sizeof *(array)), &(array)[(count)++])

static void add_text(char ***array, size_t *count, const char *text) {
    *array = room(*array, *count, sizeof **array);
    (*array)[(*count)++] = (char *)text;
}

// The list that execve wants: ended by NULL.
static void end_list(char ***array, size_t *count) {
    add_text(array, count, NULL);
    --*count;
}

static int read_mount(struct kd_cursor cursor, struct oci_mount *mount) {
    *mount = (struct oci_mount) { .type = "", .tree = -1 };
    struct kd_field field;
    int result;
    while ((result = kd_next(&cursor, &field)) == 1) {
        const char *text = kd_text(&field);
        uint64_t number = 0;
        kd_number(&field, &number);
        switch (field.tag) {
        case KD_OCI_TYPE: mount->type = text; break;
        case KD_OCI_SOURCE: mount->source = text; break;
        case KD_OCI_PATH: mount->target = text; break;
        case KD_OCI_UID_MAP: mount->uid_map = text; break;
        case KD_OCI_GID_MAP: mount->gid_map = text; break;
        case KD_OCI_OPTION: *ADD(mount->options, mount->option_count) = text; break;
        case KD_OCI_FLAGS: mount->flags = number; break;
        case KD_OCI_SET: mount->set = number; break;
        case KD_OCI_CLEAR: mount->clear = number; break;
        case KD_OCI_SET_BELOW: mount->set_below = number; break;
        case KD_OCI_CLEAR_BELOW: mount->clear_below = number; break;
        case KD_OCI_PROPAGATION: mount->propagation = number; break;
        }
    }
    return result < 0 || !mount->target || !mount->type ? EINVAL : 0;
}

static int read_pair(struct kd_cursor cursor, struct oci_pair *pair) {
    *pair = (struct oci_pair) { NULL, NULL };
    struct kd_field field;
    while (kd_next(&cursor, &field) == 1) {
        if (field.tag == KD_OCI_PATH) pair->name = kd_text(&field);
        if (field.tag == KD_OCI_VALUE) pair->value = kd_text(&field);
    }
    return pair->name && pair->value ? 0 : EINVAL;
}

static int read_namespace(struct kd_cursor cursor, struct oci_namespace *namespace) {
    *namespace = (struct oci_namespace) { .fd = -1 };
    struct kd_field field;
    while (kd_next(&cursor, &field) == 1) {
        if (field.tag == KD_OCI_TYPE) kd_number(&field, &namespace->kind);
        if (field.tag == KD_OCI_PATH) namespace->path = kd_text(&field);
    }
    return 0;
}

static int read_device(struct kd_cursor cursor, struct oci_device *device) {
    *device = (struct oci_device) { 0 };
    struct kd_field field;
    while (kd_next(&cursor, &field) == 1) {
        if (field.tag == KD_OCI_PATH) device->path = kd_text(&field);
        if (field.tag == KD_OCI_NUMBERS && field.size == 8 * sizeof(uint64_t)) {
            uint64_t n[8];
            memcpy(n, field.bytes, sizeof n);
            *device = (struct oci_device) { device->path, n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7] };
        }
    }
    return device->path ? 0 : EINVAL;
}

static int read_hook(struct kd_cursor cursor, struct oci_hook *hook) {
    *hook = (struct oci_hook) { 0 };
    struct kd_field field;
    while (kd_next(&cursor, &field) == 1) {
        switch (field.tag) {
        case KD_OCI_TYPE: kd_number(&field, &hook->kind); break;
        case KD_OCI_TIMEOUT: kd_number(&field, &hook->timeout); break;
        case KD_OCI_PATH: hook->path = kd_text(&field); break;
        case KD_OCI_ARGUMENT: add_text(&hook->arguments, &hook->argument_count, kd_text(&field)); break;
        case KD_OCI_VARIABLE: add_text(&hook->environment, &hook->variable_count, kd_text(&field)); break;
        }
    }
    end_list(&hook->arguments, &hook->argument_count);
    end_list(&hook->environment, &hook->variable_count);
    return hook->path ? 0 : EINVAL;
}

static int read_descriptor(const struct kd_field *field, int *fd) {
    uint64_t number;
    if (kd_number(field, &number) < 0 || number > INT32_MAX) return EINVAL;
    *fd = (int)number;
    return 0;
}

static int read_process(const struct kd_field *field, struct oci_plan *plan, const char *text, uint64_t number) {
    switch (field->tag) {
    case KD_OCI_ARGUMENT: add_text(&plan->arguments, &plan->argument_count, text); return text ? 0 : EINVAL;
    case KD_OCI_VARIABLE: add_text(&plan->variables, &plan->variable_count, text); return text ? 0 : EINVAL;
    case KD_OCI_DIRECTORY: plan->directory = text; return text ? 0 : EINVAL;
    case KD_OCI_UID: plan->uid = number; return 0;
    case KD_OCI_GID: plan->gid = number; return 0;
    case KD_OCI_GROUP: *ADD(plan->groups, plan->group_count) = (gid_t)number; return 0;
    case KD_OCI_UMASK: plan->umask = number; return 0;
    case KD_OCI_CAPABILITIES:
        if (field->size != sizeof plan->capabilities) return EINVAL;
        memcpy(plan->capabilities, field->bytes, sizeof plan->capabilities);
        plan->has_capabilities = true;
        return 0;
    case KD_OCI_FILTER: plan->filter = field->bytes; plan->filter_size = field->size / 8; return field->size % 8 ? EINVAL : 0;
    case KD_OCI_FILTER_FLAGS: plan->filter_flags = number; return 0;
    case KD_OCI_LABEL: {
        struct oci_pair label;
        if (read_pair((struct kd_cursor) { field->bytes, field->bytes + field->size }, &label)) return EINVAL;
        plan->label_file = label.name;
        plan->label = label.value;
        return 0;
    }
    case KD_OCI_TERMINAL_SIZE: plan->terminal_size = number; return 0;
    case KD_OCI_PERSONALITY: plan->personality = number; plan->has_personality = true; return 0;
    case KD_OCI_SCHEDULER: plan->scheduler = field->bytes; plan->scheduler_size = field->size; return 0;
    case KD_OCI_IO_PRIORITY: plan->io_priority = number; plan->has_io_priority = true; return 0;
    case KD_OCI_AFFINITY:
        if (field->size > sizeof plan->affinity) return EINVAL;
        memcpy(plan->affinity, field->bytes, field->size);
        plan->affinity_count = field->size / 8;
        return 0;
    case KD_OCI_MEMORY_POLICY:
        if (!field->size || field->size % 8) return EINVAL;
        plan->memory_policy = (const uint64_t *)(const void *)field->bytes;
        plan->memory_policy_count = field->size / 8;
        return 0;
    case KD_OCI_SYNC: return read_descriptor(field, &plan->sync);
    case KD_OCI_FIFO: return read_descriptor(field, &plan->fifo);
    case KD_OCI_CONSOLE: return read_descriptor(field, &plan->console);
    case KD_OCI_STATE: return read_descriptor(field, &plan->state);
    case KD_OCI_TARGET: return read_descriptor(field, &plan->target);
    case KD_OCI_CGROUP: return read_descriptor(field, &plan->cgroup);
    case KD_OCI_HOOK_OUTPUT: return read_descriptor(field, &plan->hook_output);
    case KD_OCI_HOOK_ERRORS: return read_descriptor(field, &plan->hook_errors);
    case KD_OCI_PRESERVED: plan->preserved = number; return 0;
    }
    return EINVAL;
}

static int read_field(const struct kd_field *field, struct oci_plan *plan) {
    struct kd_cursor inner = { field->bytes, field->bytes + field->size };
    const char *text = kd_text(field);
    uint64_t number = 0;
    kd_number(field, &number);
    switch (field->tag) {
    case KD_OCI_FLAGS: plan->flags = number; return 0;
    case KD_OCI_ROOTFS: plan->rootfs = text; return text ? 0 : EINVAL;
    case KD_OCI_MOUNT: return read_mount(inner, ADD(plan->mounts, plan->mount_count));
    case KD_OCI_DEVICE: return read_device(inner, ADD(plan->devices, plan->device_count));
    case KD_OCI_MASK: *ADD(plan->masks, plan->mask_count) = text; return text ? 0 : EINVAL;
    case KD_OCI_READ_ONLY: *ADD(plan->read_only, plan->read_only_count) = text; return text ? 0 : EINVAL;
    case KD_OCI_SYSCTL: return read_pair(inner, ADD(plan->sysctls, plan->sysctl_count));
    case KD_OCI_HIERARCHY: return read_pair(inner, ADD(plan->hierarchies, plan->hierarchy_count));
    case KD_OCI_NAMESPACE: return read_namespace(inner, ADD(plan->namespaces, plan->namespace_count));
    case KD_OCI_HOOK: return read_hook(inner, ADD(plan->hooks, plan->hook_count));
    case KD_OCI_HOSTNAME: plan->hostname = text; return 0;
    case KD_OCI_DOMAINNAME: plan->domainname = text; return 0;
    case KD_OCI_TIME_OFFSETS: plan->time_offsets = text; return 0;
    case KD_OCI_PROPAGATION: plan->propagation = number; return 0;
    default: return read_process(field, plan, text, number);
    }
}

int oci_plan_read(const void *bytes, size_t size, struct oci_plan *plan) {
    *plan = (struct oci_plan) {
        .directory = "/", .umask = 0022, .sync = -1, .fifo = -1, .console = -1, .state = -1, .target = -1, .cgroup = -1, .hook_output = -1,
        .hook_errors = -1, .seed = -1, .proc = -1,
    };
    struct kd_cursor cursor = { bytes, (const uint8_t *)bytes + size };
    struct kd_field field;
    int result, error;
    while ((result = kd_next(&cursor, &field)) == 1)
        if ((error = read_field(&field, plan))) return error;
    end_list(&plan->arguments, &plan->argument_count);
    end_list(&plan->variables, &plan->variable_count);
    return result < 0 || plan->sync < 0 ? EINVAL : 0;
}
