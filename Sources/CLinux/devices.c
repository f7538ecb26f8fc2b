// cgroup v2 restricts devices by a BPF program instead of files.
#include "include/supervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(to, field) { BPF_LDX | BPF_MEM | BPF_W, to, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, field), 0 }
#define JUMP(op, reg, value, by) { BPF_JMP | op | BPF_K, reg, 0, by, value }
#define MOVE(reg, value) { BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, value }
#define EXIT() { BPF_JMP | BPF_EXIT, 0, 0, 0, 0 }
#define ALLOW() MOVE(BPF_REG_0, 1), EXIT()
#define MAJOR_MINOR(major, minor) JUMP(BPF_JNE, BPF_REG_4, major, 3), JUMP(BPF_JNE, BPF_REG_5, minor, 2), ALLOW()

int kd_load_device_program(const void *program, size_t count) {
    union bpf_attr load = {
        .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE, .insns = (uint64_t)(uintptr_t)program, .insn_cnt = (uint32_t)count,
        .license = (uint64_t)(uintptr_t) "Apache-2.0",
    };
    return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
}

int kd_restrict_devices(const char *cgroup) {
    struct bpf_insn program[] = {
        LOAD(BPF_REG_2, access_type),
        { BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0 },
        { BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16 },                   // r3: what is done
        { BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff },               // r2: to which type
        JUMP(BPF_JNE, BPF_REG_3, BPF_DEVCG_ACC_MKNOD, 2), ALLOW(),              // making any node, but not using it
        LOAD(BPF_REG_4, major),
        LOAD(BPF_REG_5, minor),
        JUMP(BPF_JNE, BPF_REG_2, BPF_DEVCG_DEV_CHAR, 42),                       // no block device
        MAJOR_MINOR(1, 3), MAJOR_MINOR(1, 5), MAJOR_MINOR(1, 7), MAJOR_MINOR(1, 8), MAJOR_MINOR(1, 9),
        MAJOR_MINOR(5, 0), MAJOR_MINOR(5, 1), MAJOR_MINOR(5, 2), MAJOR_MINOR(10, 200), MAJOR_MINOR(10, 229),
        JUMP(BPF_JNE, BPF_REG_4, 136, 2), ALLOW(),
        MOVE(BPF_REG_0, 0), EXIT(),
    };
    // The jump over the table must land on the last two instructions.
    const size_t count = sizeof program / sizeof *program;
    for (size_t i = 0; i < count; i++)
        if (program[i].imm == BPF_DEVCG_DEV_CHAR && program[i].dst_reg == BPF_REG_2 && program[i].code == (BPF_JMP | BPF_JNE | BPF_K))
            program[i].off = (short)(count - 2 - i - 1);
    int target = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int loaded = target < 0 ? -1 : kd_load_device_program(program, count);
    union bpf_attr attach = { .target_fd = (uint32_t)target, .attach_bpf_fd = (uint32_t)loaded, .attach_type = BPF_CGROUP_DEVICE };
    int result = loaded < 0 ? -1 : (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach), saved = errno;
    if (target >= 0) close(target);
    if (loaded >= 0) close(loaded);
    errno = saved;
    return result;
}
