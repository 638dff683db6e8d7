/* What glibc answers in another form: constants, error texts, checked strings, identity. */
#define _GNU_SOURCE
#include "bionic.h"

#include <errno.h>
#include <libgen.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

int *bionic___errno(void) { return &errno; }

/* Android's is the POSIX form; glibc's name of that is __xpg_strerror_r. */
extern int __xpg_strerror_r(int error, char *buffer, size_t size);
int bionic_strerror_r(int error, char *buffer, size_t size) { return __xpg_strerror_r(error, buffer, size); }

/* What Android's strerror_r is to sources that ask for GNU's. */
char *bionic___gnu_strerror_r(int error, char *buffer, size_t size) {
    __xpg_strerror_r(error, buffer, size);
    return buffer;
}

/* Numbers of bionic's bits/sysconf.h. */
long bionic_sysconf(int name) {
    switch (name) {
        case 0x0000: return sysconf(_SC_ARG_MAX);
        case 0x0006: return sysconf(_SC_CLK_TCK);
        case 0x000b: return sysconf(_SC_OPEN_MAX);
        case 0x0026: return sysconf(_SC_IOV_MAX);
        case 0x0027:
        case 0x0028: return sysconf(_SC_PAGESIZE);
        case 0x0060: return sysconf(_SC_NPROCESSORS_CONF);
        case 0x0061: return sysconf(_SC_NPROCESSORS_ONLN);
        case 0x0062: return sysconf(_SC_PHYS_PAGES);
        case 0x0063: return sysconf(_SC_AVPHYS_PAGES);
        case 0x0094: return sysconf(_SC_LEVEL1_DCACHE_SIZE);
        case 0x0096: return sysconf(_SC_LEVEL1_DCACHE_LINESIZE);
        case 0x0097: return sysconf(_SC_LEVEL2_CACHE_SIZE);
        case 0x009a: return sysconf(_SC_LEVEL3_CACHE_SIZE);
        default: errno = EINVAL; return -1;
    }
}

struct mallinfo2 bionic_mallinfo(void) { return mallinfo2(); } /* Android's fields are size_t, as mallinfo2's */

/* XNNPACK in an Android build asks for 32 bytes, and this processor may have AVX-512, which no phone has: its kernels load
   parameters from there by instructions that end the process where they don't lie at 64. */
static size_t aligned(size_t alignment) { return alignment < 64 ? 64 : alignment; }

void *bionic_memalign(size_t alignment, size_t size) { return memalign(aligned(alignment), size); }

int bionic_posix_memalign(void **place, size_t alignment, size_t size) {
    if (alignment < sizeof(void *) || (alignment & (alignment - 1))) return EINVAL;
    return posix_memalign(place, aligned(alignment), size);
}

extern char *__xpg_basename(char *path);
char *bionic_basename(const char *path) {
    static _Thread_local char copy[4096];
    snprintf(copy, sizeof copy, "%s", path ? path : "");
    return __xpg_basename(copy);
}

const char *bionic___gnu_basename(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void bionic_arc4random_buf(void *buffer, size_t size) {
    for (char *at = buffer; size > 0;) {
        size_t part = size < 256 ? size : 256;
        if (getentropy(at, part) != 0) abort();
        at += part;
        size -= part;
    }
}

uint32_t bionic_arc4random(void) {
    uint32_t value;
    bionic_arc4random_buf(&value, sizeof value);
    return value;
}

void bionic_openlog(const char *name, int options, int facility) { (void)name, (void)options, (void)facility; }
void bionic_closelog(void) {}

/* syslog's 0 (emergency) to 7 (debug) become Android's fatal to debug. */
void bionic_syslog(int priority, const char *format, ...) {
    static const int levels[] = {LOG_FATAL, LOG_FATAL, LOG_FATAL, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_INFO, LOG_DEBUG};
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    device_log(LOG_ID_MAIN, levels[priority & 7], "syslog", text);
}
