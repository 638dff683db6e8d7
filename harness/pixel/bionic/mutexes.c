/* Mutexes have glibc's size on Android, and zero is an unlocked one on both; but a recursive or an error-checking mutex that
   was initialised as it was written down is told by two bits of its first word, which glibc would take for a held lock. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define KIND_SHIFT 14 /* bionic's pthread_mutex.cpp */

/* Becomes glibc's form of the same at its first use; threads that meet here do the same twice. */
static pthread_mutex_t *settled(pthread_mutex_t *mutex) {
    _Atomic int *word = (_Atomic int *)&mutex->__data.__lock;
    int written = atomic_load_explicit(word, memory_order_acquire);
    if (written == 1 << KIND_SHIFT || written == 2 << KIND_SHIFT) {
        atomic_store((_Atomic int *)&mutex->__data.__kind, written >> KIND_SHIFT); /* both systems number the kinds alike */
        atomic_compare_exchange_strong(word, &written, 0);
    }
    return mutex;
}

int bionic_pthread_mutex_lock(pthread_mutex_t *mutex) { return pthread_mutex_lock(settled(mutex)); }
int bionic_pthread_mutex_trylock(pthread_mutex_t *mutex) { return pthread_mutex_trylock(settled(mutex)); }
int bionic_pthread_mutex_unlock(pthread_mutex_t *mutex) { return pthread_mutex_unlock(settled(mutex)); }
int bionic_pthread_mutex_destroy(pthread_mutex_t *mutex) { return pthread_mutex_destroy(settled(mutex)); }

int bionic_pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *deadline) {
    return pthread_mutex_timedlock(settled(mutex), deadline);
}

int bionic_pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *deadline) {
    return pthread_mutex_clocklock(settled(mutex), clock, deadline);
}
