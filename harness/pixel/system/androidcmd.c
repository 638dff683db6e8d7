/* Every program in /system/bin that isn't a plain Unix tool: pm, am, logcat, getprop and so on, told apart by the name
 * it was called with. It hands its arguments, folder and standard streams to the device's process, which does the work
 * and answers with the exit code. Called as `init` it is the device's first process: it adopts and reaps orphans, and
 * when it ends the kernel ends all others with it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET_PATH "/dev/socket/pixel"
#define MAGIC "PXC1"
#define NO_SERVICE 20 /* what `cmd` answers when the service isn't there */

static int run_init(void)
{
    sigset_t child;
    int signal_number;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    if (write(1, "ready\n", 6) != 6) return 1;
    close(1);
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG) > 0) {}
        sigwait(&child, &signal_number);
    }
}

/* A stream that the caller closed is sent as /dev/null, so that the three always arrive in their order. */
static int stream(int fd)
{
    return fcntl(fd, F_GETFD) < 0 ? open("/dev/null", O_RDWR) : fd;
}

static int send_all(int fd, const char *data, size_t left)
{
    while (left > 0) {
        ssize_t sent = send(fd, data, left, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return -1;
        data += sent;
        left -= (size_t)sent;
    }
    return 0;
}

static int send_header(int fd, uint32_t length)
{
    char header[8];
    int streams[3] = {stream(0), stream(1), stream(2)};
    union { char room[CMSG_SPACE(sizeof streams)]; struct cmsghdr align; } control;
    struct iovec part = {header, sizeof header};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1,
                             .msg_control = control.room, .msg_controllen = sizeof control.room};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

    memcpy(header, MAGIC, 4);
    memcpy(header + 4, &length, 4);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof streams);
    memcpy(CMSG_DATA(rights), streams, sizeof streams);
    return sendmsg(fd, &message, MSG_NOSIGNAL) == (ssize_t)sizeof header ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_PATH};
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash ? slash + 1 : argv[0];
    char cwd[4096] = "/";
    uint32_t length;
    int32_t exit_code;
    size_t got = 0;
    int fd;

    if (strcmp(name, "init") == 0) return run_init();
    if (!getcwd(cwd, sizeof cwd)) strcpy(cwd, "/");
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        fprintf(stderr, "%s: Can't find service: %s\n", name, strerror(errno));
        return NO_SERVICE;
    }
    length = (uint32_t)(strlen(cwd) + strlen(name) + 2);
    for (int i = 1; i < argc; i++) length += (uint32_t)strlen(argv[i]) + 1;
    if (send_header(fd, length) < 0 || send_all(fd, cwd, strlen(cwd) + 1) < 0 || send_all(fd, name, strlen(name) + 1) < 0)
        goto lost;
    for (int i = 1; i < argc; i++)
        if (send_all(fd, argv[i], strlen(argv[i]) + 1) < 0) goto lost;
    while (got < sizeof exit_code) {
        ssize_t n = recv(fd, (char *)&exit_code + got, sizeof exit_code - got, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) goto lost;
        got += (size_t)n;
    }
    return exit_code;
lost:
    fprintf(stderr, "%s: the device went away\n", name);
    return NO_SERVICE;
}
