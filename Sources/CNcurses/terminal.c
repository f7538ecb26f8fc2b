#include "CNcurses.h"
#include "shared.h"
#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>

static SCREEN *screen;

struct kd_restore *kd_restore_page(void) {
    static struct kd_restore *page;
    if (page == NULL) {
        void *memory = mmap(NULL, sizeof(struct kd_restore), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        static struct kd_restore private_page;
        page = memory == MAP_FAILED ? &private_page : memory;
    }
    return page;
}

void kd_restore_now(void) {
    struct kd_restore *page = kd_restore_page();
    if (!page->active) return;
    page->active = 0;
    size_t done = 0;
    while (done < page->length) {
        ssize_t n = write(STDOUT_FILENO, page->bytes + done, page->length - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        done += (size_t)n;
    }
    tcsetattr(STDIN_FILENO, TCSANOW, &page->termios);
}

void kd_term_set_restore(const uint8_t *bytes, size_t count) {
    struct kd_restore *page = kd_restore_page();
    page->active = 0;
    if (count > sizeof page->bytes) count = sizeof page->bytes;
    memcpy(page->bytes, bytes, count);
    page->length = (uint32_t)count;
    page->active = count > 0;
}

bool kd_locale_is_utf8(void) {
    if (setlocale(LC_ALL, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
        // A poor environment (cron, containers) must not cost the lines and letters of a terminal that can show them.
        const char *asked = getenv("LC_ALL");
        if (asked == NULL || *asked == 0) asked = getenv("LC_CTYPE");
        if (asked == NULL || *asked == 0) asked = getenv("LANG");
        bool chosen = asked != NULL && *asked != 0 && strcmp(asked, "C") != 0 && strcmp(asked, "POSIX") != 0;
        bool claimsOther = chosen && strstr(asked, "UTF-8") == NULL && strstr(asked, "utf8") == NULL;
        setlocale(LC_ALL, "C.UTF-8");
        return !claimsOther;
    }
    return true;
}

static void take_modes(void) {
    raw();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    curs_set(0);
}

enum kd_term_error kd_term_open(void) {
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return KD_TERM_NOT_A_TTY;
    struct kd_restore *page = kd_restore_page();
    tcgetattr(STDIN_FILENO, &page->termios);
    int problem = 0;
    const char *name = getenv("TERM");
    if (name == NULL || *name == 0 || setupterm(name, STDOUT_FILENO, &problem) != OK) return KD_TERM_UNKNOWN;
    // Frames are written as ECMA-48 bytes; a terminal that moves its cursor another way cannot show them.
    const char *move = tigetstr("cup");
    if (move == NULL || move == (char *)-1 || strncmp(move, "\033[%i%p1%d;%p2%d", 15) != 0) return KD_TERM_TOO_SIMPLE;
    use_env(TRUE);
    screen = newterm(NULL, stdout, stdin);
    if (screen == NULL) return KD_TERM_UNKNOWN;
    take_modes();
    def_prog_mode();
    // Sends the alternate screen; from here on ncurses draws nothing.
    refresh();
    return KD_TERM_OK;
}

void kd_term_close(void) {
    if (screen == NULL || isendwin()) return;
    endwin();
    kd_restore_page()->active = 0;
}

void kd_term_resume(void) {
    if (screen == NULL) return;
    reset_prog_mode();
    doupdate();
    keypad(stdscr, TRUE);
    curs_set(0);
    fflush(stdout);
}

bool kd_term_size(int *width, int *height) {
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        *width = size.ws_col;
        *height = size.ws_row;
        return true;
    }
    *width = kd_term_number("cols");
    *height = kd_term_number("lines");
    return *width > 0 && *height > 0;
}

int kd_term_number(const char *name) {
    int value = tigetnum(name);
    return value < 0 ? -1 : value;
}

bool kd_term_flag(const char *name) { return tigetflag(name) > 0; }

const char *kd_term_string(const char *name) {
    char *value = tigetstr(name);
    return value == (char *)-1 ? NULL : value;
}

bool kd_term_write(const uint8_t *bytes, size_t count) {
    while (count > 0) {
        ssize_t n = write(STDOUT_FILENO, bytes, count);
        if (n > 0) {
            bytes += n;
            count -= (size_t)n;
        } else if (n < 0 && errno == EAGAIN) {
            struct pollfd wait = {.fd = STDOUT_FILENO, .events = POLLOUT};
            poll(&wait, 1, 1000);
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else {
            return false;
        }
    }
    return true;
}
