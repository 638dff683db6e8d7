/* Android's 16-byte sem_t on a futex; glibc's needs 32 bytes. Between threads of one process only. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct android_sem {
    _Atomic uint32_t count;
    _Atomic uint32_t waiters;
    uint32_t reserved[2];
};

static int failed(int error) {
    errno = error;
    return -1;
}

int bionic_sem_init(struct android_sem *sem, int shared, unsigned value) {
    if (shared) return failed(ENOSYS);
    if (value > INT_MAX) return failed(EINVAL);
    *sem = (struct android_sem){.count = value};
    return 0;
}

int bionic_sem_destroy(struct android_sem *sem) {
    (void)sem;
    return 0;
}

int bionic_sem_getvalue(struct android_sem *sem, int *value) {
    *value = (int)atomic_load(&sem->count);
    return 0;
}

int bionic_sem_post(struct android_sem *sem) {
    atomic_fetch_add(&sem->count, 1);
    if (atomic_load(&sem->waiters)) syscall(SYS_futex, &sem->count, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    return 0;
}

int bionic_sem_trywait(struct android_sem *sem) {
    uint32_t count = atomic_load(&sem->count);
    while (count > 0)
        if (atomic_compare_exchange_weak(&sem->count, &count, count - 1)) return 0;
    return failed(EAGAIN);
}

/* `deadline` is on CLOCK_REALTIME, as sem_timedwait says; NULL waits for ever. */
int bionic_sem_timedwait(struct android_sem *sem, const struct timespec *deadline) {
    while (bionic_sem_trywait(sem) != 0) {
        atomic_fetch_add(&sem->waiters, 1);
        long result = syscall(SYS_futex, &sem->count, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, deadline, NULL,
                              FUTEX_BITSET_MATCH_ANY);
        int error = result == 0 ? 0 : errno;
        atomic_fetch_sub(&sem->waiters, 1);
        if (error == ETIMEDOUT || error == EINTR || error == EINVAL) return failed(error);
    }
    return 0;
}

int bionic_sem_wait(struct android_sem *sem) { return bionic_sem_timedwait(sem, NULL); }
