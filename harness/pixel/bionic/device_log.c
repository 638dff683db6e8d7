/* Writes to logd in its own format: u8 buffer, u16 thread, u32 seconds, u32 nanoseconds, then u8 priority, tag\0, message\0.
   Source: AOSP system/logging, liblog/logd_writer.cpp and private/android_logger.h (packed, little-endian). */
#define _GNU_SOURCE
#include "bionic.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PAYLOAD_MAX 4068

struct __attribute__((packed)) header {
    uint8_t id;
    uint16_t tid;
    uint32_t seconds;
    uint32_t nanoseconds;
};

static pthread_once_t opened = PTHREAD_ONCE_INIT;
static int logd = -1;

static void open_logd(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = LOG_SOCKET};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return;
    }
    logd = fd;
}

void device_log(enum log_id id, int priority, const char *tag, const char *message) {
    pthread_once(&opened, open_logd);
    if (logd < 0) return;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct header header = {(uint8_t)id, (uint16_t)gettid(), (uint32_t)now.tv_sec, (uint32_t)now.tv_nsec};
    uint8_t level = (uint8_t)priority;
    if (!tag) tag = "";
    if (!message) message = "";
    size_t tag_size = strlen(tag) + 1;
    if (tag_size > PAYLOAD_MAX / 2) tag_size = PAYLOAD_MAX / 2;
    size_t room = PAYLOAD_MAX - 1 - tag_size - 1;
    size_t size = strnlen(message, room);
    struct iovec parts[] = {
        {&header, sizeof header}, {&level, 1}, {(void *)tag, tag_size}, {(void *)message, size}, {(void *)"", 1},
    };
    /* A blocking write keeps order and loses nothing: lines of the delegate are evidence, not decoration. */
    (void)!writev(logd, parts, sizeof parts / sizeof *parts);
}
