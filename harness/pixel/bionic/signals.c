/* Signal sets and actions: Android's sigset_t is 8 bytes, glibc's 128, and struct sigaction has another order of fields. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t android_sigset;

/* bionic's struct sigaction on 64-bit systems (bits/signal_types.h). */
struct android_sigaction {
    int flags;
    void (*handler)(int);
    android_sigset mask;
    void (*restorer)(void);
};

static sigset_t widened(android_sigset from) {
    sigset_t to;
    sigemptyset(&to);
    memcpy(&to, &from, sizeof from);
    return to;
}

static android_sigset narrowed(const sigset_t *from) {
    android_sigset to;
    memcpy(&to, from, sizeof to);
    return to;
}

int bionic_sigemptyset(android_sigset *set) {
    *set = 0;
    return 0;
}

int bionic_sigfillset(android_sigset *set) {
    *set = ~UINT64_C(0);
    return 0;
}

static int bit_of(int signal, android_sigset *bit) {
    if (signal < 1 || signal > 64) {
        errno = EINVAL;
        return -1;
    }
    *bit = UINT64_C(1) << (signal - 1);
    return 0;
}

int bionic_sigaddset(android_sigset *set, int signal) {
    android_sigset bit;
    if (bit_of(signal, &bit) != 0) return -1;
    *set |= bit;
    return 0;
}

int bionic_sigdelset(android_sigset *set, int signal) {
    android_sigset bit;
    if (bit_of(signal, &bit) != 0) return -1;
    *set &= ~bit;
    return 0;
}

int bionic_sigismember(const android_sigset *set, int signal) {
    android_sigset bit;
    if (bit_of(signal, &bit) != 0) return -1;
    return (*set & bit) != 0;
}

int bionic_pthread_sigmask(int how, const android_sigset *set, android_sigset *before) {
    sigset_t wide = widened(set ? *set : 0), old;
    int error = pthread_sigmask(how, set ? &wide : NULL, &old);
    if (!error && before) *before = narrowed(&old);
    return error;
}

int bionic_sigprocmask(int how, const android_sigset *set, android_sigset *before) {
    int error = bionic_pthread_sigmask(how, set, before);
    if (!error) return 0;
    errno = error;
    return -1;
}

int bionic_sigaction(int signal, const struct android_sigaction *action, struct android_sigaction *before) {
    struct sigaction wide = {0}, old;
    if (action) {
        wide.sa_handler = action->handler;
        wide.sa_mask = widened(action->mask);
        wide.sa_flags = action->flags & ~0x04000000; /* SA_RESTORER: glibc brings its own */
    }
    if (sigaction(signal, action ? &wide : NULL, &old) != 0) return -1;
    if (before) *before = (struct android_sigaction){old.sa_flags, old.sa_handler, narrowed(&old.sa_mask), NULL};
    return 0;
}
