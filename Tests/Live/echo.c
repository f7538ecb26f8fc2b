// Serves the port in argv[1]: every connection gets back what it sends, until it stops sending.
#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argc > 1 ? argv[1] : "7000")) };
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 512) < 0) return 1;
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0 || fork()) { close(fd); continue; }
        close(listener);
        static char bytes[1 << 16];
        for (ssize_t got; (got = read(fd, bytes, sizeof bytes)) > 0;)
            for (ssize_t done = 0, n; done < got; done += n)
                if ((n = write(fd, bytes + done, (size_t)(got - done))) <= 0) return 1;
        return 0;
    }
}
