// What TerminalUI needs from ncurses, terminfo, termios and signals, in a form Swift can call. Mechanism only; every decision is TerminalUI's.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- terminal (terminal.c) ----
enum kd_term_error { KD_TERM_OK = 0, KD_TERM_NOT_A_TTY = 1, KD_TERM_UNKNOWN = 2, KD_TERM_TOO_SIMPLE = 3 };

// Sets the locale (falling back to C.UTF-8) and says whether its encoding is UTF-8.
bool kd_locale_is_utf8(void);
// Takes the terminal over through ncurses: raw keys, no echo, no flow control, alternate screen, application keypad.
enum kd_term_error kd_term_open(void);
// Gives it back as it was; safe to call twice.
void kd_term_close(void);
// After a stop: the modes again, without the rest of the set-up.
void kd_term_resume(void);
// Columns and rows now; false when the terminal does not say.
bool kd_term_size(int *width, int *height);
// Terminfo: a number (-1 absent), a flag, a string (NULL absent).
int kd_term_number(const char *name);
bool kd_term_flag(const char *name);
const char *kd_term_string(const char *name);
// Writes everything, retrying after EINTR; false when the terminal is gone.
bool kd_term_write(const uint8_t *bytes, size_t count);
// The bytes that any exit writes, crashes included; copied to memory shared with the guardian. Empty = nothing to restore.
void kd_term_set_restore(const uint8_t *bytes, size_t count);

// ---- signals (signals.c) ----
// Blocks what kd_signal_read reports; call before any other thread starts. Children must be started with an empty mask.
void kd_signal_block(void);
// A signalfd for them, non-blocking; -1 on failure.
int kd_signal_open(void);
// The next waiting signal's number, or 0.
int kd_signal_read(int fd);
// SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE and SIGABRT restore the terminal, then do what they always did.
void kd_signal_catch_crashes(void);
// Stops the whole job as Ctrl-Z does; true after SIGCONT, false at once when no shell is there to continue it.
bool kd_signal_stop_job(void);

// ---- guardian (guardian.c) ----
// Forks: the parent stays, restores the terminal should the child be killed, passes signals, stops and the exit code through, and never returns;
// the child returns. Only before any thread exists. Does nothing when called twice.
void kd_guardian_start(void);
// The arguments mean "open the screen": `kdash` or `kdash-*`, with no command but `screen`.
bool kd_guardian_wanted(int argc, char *const argv[]);

// ---- main queue (dispatch.c) ----
// The eventfd that becomes readable when libdispatch's main queue has work, and the call that drains it (both are CoreFoundation's way in).
int kd_main_queue_fd(void);
void kd_main_queue_drain(void);

// ---- themes (themes.c) ----
struct kd_theme { const char *name; const uint8_t *text; size_t size; };
size_t kd_theme_count(void);
struct kd_theme kd_theme(size_t index);
