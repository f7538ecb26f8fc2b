// What tests of the network run in pods, with names looked up by the C library: `peer wait`, `peer get NAME PORT PATH`, `peer ask NAME PORT
// [tcp|sctp]` (one message, over UDP unless told otherwise), `peer answer PORT [tcp|sctp]` (every message, with the host's name).
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail(const char *what) {
    perror(what);
    return 1;
}

struct transport { int type, protocol; };

static struct transport transport(const char *name) {
    if (!name) return (struct transport){ SOCK_DGRAM, IPPROTO_UDP };
    return (struct transport){ SOCK_STREAM, strcmp(name, "sctp") ? IPPROTO_TCP : IPPROTO_SCTP };
}

static int open_to(const char *name, const char *port, struct transport over) {
    struct addrinfo wanted = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *found;
    int why = getaddrinfo(name, port, &wanted, &found);
    if (why) {
        fprintf(stderr, "%s: %s\n", name, gai_strerror(why));
        exit(2);
    }
    int fd = socket(AF_INET, over.type, over.protocol);
    if (connect(fd, found->ai_addr, found->ai_addrlen) < 0) exit(fail(name));
    return fd;
}

static int get(const char *name, const char *port, const char *path) {
    int fd = open_to(name, port, transport("tcp"));
    static char bytes[1 << 16];
    size_t size = 0;
    dprintf(fd, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, name);
    for (ssize_t got; size < sizeof bytes - 1 && (got = read(fd, bytes + size, sizeof bytes - 1 - size)) > 0;) size += (size_t)got;
    char *body = strstr(bytes, "\r\n\r\n");
    if (!body || !strstr(bytes, " 200 ")) return fail("no answer");
    return fputs(body + 4, stdout) < 0;
}

static int answer(const char *port, struct transport over) {
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port)) };
    int one = 1, fd = socket(AF_INET, over.type, over.protocol);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&own, sizeof own) < 0) return fail("bind");
    if (over.type == SOCK_STREAM && listen(fd, 16) < 0) return fail("listen");
    for (;;) {
        char bytes[256];
        struct sockaddr_storage from;
        socklen_t size = sizeof from;
        int with = over.type == SOCK_STREAM ? accept(fd, NULL, NULL) : fd;
        ssize_t got = recvfrom(with, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size);
        if (got < 0 && with == fd) return fail("recvfrom");
        gethostname(bytes, sizeof bytes);
        if (with == fd) sendto(fd, bytes, strnlen(bytes, sizeof bytes), 0, (struct sockaddr *)&from, size);
        if (with == fd) continue;
        if (got > 0) send(with, bytes, strnlen(bytes, sizeof bytes), MSG_NOSIGNAL);
        close(with);
    }
}

int main(int argc, char **argv) {
    const char *mode = argc > 1 ? argv[1] : "";
    if (!strcmp(mode, "wait")) return pause();
    if (!strcmp(mode, "answer") && argc >= 3) return answer(argv[2], transport(argv[3]));
    alarm(8);
    if (!strcmp(mode, "get") && argc == 5) return get(argv[2], argv[3], argv[4]);
    if (!strcmp(mode, "ask") && argc >= 4) {
        int fd = open_to(argv[2], argv[3], transport(argv[4]));
        char bytes[256];
        if (send(fd, "hello", 5, 0) < 0) return fail("send");
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        return got < 0 ? fail("recv") : printf("%.*s\n", (int)got, bytes) < 0;
    }
    return 64;
}
