// Between the files of this target.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

// Lives in memory shared with the guardian, so that it can restore what the child changed.
struct kd_restore {
    volatile uint32_t active;
    uint32_t length;
    struct termios termios;
    uint8_t bytes[512];
};
struct kd_restore *kd_restore_page(void);
// Async-signal-safe: puts the terminal back when it is taken.
void kd_restore_now(void);
