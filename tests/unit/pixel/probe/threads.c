/* Threads, locks, signals, jumps. */
#include "android.h"

struct action { int flags; void (*handler)(int); sigset mask; void (*restorer)(void); };
extern int sigemptyset(sigset *), sigfillset(sigset *), sigaddset(sigset *, int), sigdelset(sigset *, int);
extern int sigismember(const sigset *, int), pthread_sigmask(int, const sigset *, sigset *), sigprocmask(int, const sigset *, sigset *);
extern int sigaction(int, const struct action *, struct action *), raise(int);
extern int sem_init(void *, int, unsigned), sem_destroy(void *), sem_getvalue(void *, int *), sem_post(void *), sem_wait(void *);
extern int sem_trywait(void *), sem_timedwait(void *, const long *);
extern int setjmp(long *) __attribute__((returns_twice)), _setjmp(long *) __attribute__((returns_twice));
extern int sigsetjmp(long *, int) __attribute__((returns_twice));
extern void longjmp(long *, int), _longjmp(long *, int), siglongjmp(long *, int);
typedef struct { int word[10]; } mutex;
extern int pthread_mutex_lock(mutex *), pthread_mutex_trylock(mutex *), pthread_mutex_unlock(mutex *), pthread_mutex_destroy(mutex *);
extern int pthread_mutex_timedlock(mutex *, const long *), pthread_mutex_clocklock(mutex *, int, const long *);
extern int pthread_create(unsigned long *, const void *, void *(*)(void *), void *), pthread_join(unsigned long, void **);
extern int close(int), usleep(unsigned);

enum { RECURSIVE = 0x4000, ERRORCHECK = 0x8000 }; /* PTHREAD_…_MUTEX_INITIALIZER_NP */
enum { BLOCK = 0, UNBLOCK = 1, SETMASK = 2 };
static const long past[2] = {1, 0};

int probe_signal_sets_are_eight_bytes(void) {
    sigset three[3] = {1, 2, 3}, mask, only = 0, old;
    CHECK(sigfillset(&three[1]) == 0 && three[0] == 1 && three[1] == ~0ul && three[2] == 3);
    CHECK(sigemptyset(&mask) == 0 && mask == 0 && sigaddset(&mask, 12) == 0 && mask == 1ul << 11);
    CHECK(sigismember(&mask, 12) == 1 && sigismember(&mask, 10) == 0);
    CHECK(sigaddset(&mask, 0) == -1 && errno == EINVAL && sigdelset(&mask, 65) == -1 && sigismember(&mask, 65) == -1);
    CHECK(pthread_sigmask(BLOCK, &mask, 0) == 0);
    CHECK(pthread_sigmask(SETMASK, &only, &three[1]) == 0 && three[0] == 1 && three[1] == 1ul << 11 && three[2] == 3);
    CHECK(sigprocmask(BLOCK, &mask, &old) == 0 && old == 0 && sigprocmask(UNBLOCK, &mask, &old) == 0 && old == 1ul << 11);
    CHECK(sigprocmask(99, &mask, 0) == -1 && errno == EINVAL && pthread_sigmask(99, &mask, 0) == EINVAL);
    CHECK(sigdelset(&mask, 12) == 0 && mask == 0);
    return 0;
}

static volatile int caught;
static void on_signal(int number) { caught = number; }

int probe_sigaction_has_androids_order_of_fields(void) {
    struct action action = {0, on_signal, 1ul << 11, 0}, before;
    CHECK(sigaction(10, &action, 0) == 0 && raise(10) == 0 && caught == 10);
    CHECK(sigaction(10, 0, &before) == 0 && before.handler == on_signal && before.mask == 1ul << 11);
    CHECK(sigaction(99, &action, 0) == -1 && errno == EINVAL);
    return 0;
}

static int semaphore[4];
static void *poster(void *unused) { usleep(20000); sem_post(semaphore); return unused; }

int probe_semaphores_fit_in_sixteen_bytes(void) {
    struct { int sem[4]; int guard; } here = {{0}, 1234};
    int value = -1;
    CHECK(sem_init(here.sem, 0, 1) == 0 && sem_getvalue(here.sem, &value) == 0 && value == 1);
    CHECK(sem_trywait(here.sem) == 0 && sem_trywait(here.sem) == -1 && errno == EAGAIN);
    CHECK(sem_timedwait(here.sem, past) == -1 && errno == ETIMEDOUT);
    CHECK(sem_post(here.sem) == 0 && sem_timedwait(here.sem, past) == 0 && here.guard == 1234);
    CHECK(sem_init(here.sem, 0, ~0u) == -1 && errno == EINVAL && sem_destroy(here.sem) == 0);
    unsigned long thread;
    CHECK(sem_init(semaphore, 0, 0) == 0 && pthread_create(&thread, 0, poster, 0) == 0);
    CHECK(sem_wait(semaphore) == 0 && pthread_join(thread, 0) == 0);
    return 0;
}

int probe_jumps_fit_in_eighty_bytes(void) {
    struct { long buffer[10]; long guard; } here;
    volatile int turns = 0;
    here.guard = 99;
    volatile int came = setjmp(here.buffer);
    turns++;
    if (came == 0) longjmp(here.buffer, 5);
    CHECK(came == 5 && turns == 2);
    came = _setjmp(here.buffer);
    if (came == 0) _longjmp(here.buffer, 0);
    CHECK(came == 1);
    came = sigsetjmp(here.buffer, 1);
    if (came == 0) siglongjmp(here.buffer, 7);
    CHECK(came == 7 && here.guard == 99);
    return 0;
}

static mutex shared = {{RECURSIVE}};
static int total;

static void *adder(void *unused) {
    for (int i = 0; i < 2000; i++) {
        if (pthread_mutex_lock(&shared) || pthread_mutex_lock(&shared)) return (void *)1;
        total++;
        if (pthread_mutex_unlock(&shared) || pthread_mutex_unlock(&shared)) return (void *)2;
    }
    return unused;
}

int probe_mutexes_that_were_written_down(void) {
    mutex recursive = {{RECURSIVE}}, checking = {{ERRORCHECK}}, plain = {{0}};
    CHECK(pthread_mutex_trylock(&recursive) == 0 && pthread_mutex_lock(&recursive) == 0);
    CHECK(pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0);
    CHECK(pthread_mutex_unlock(&recursive) == EPERM && pthread_mutex_destroy(&recursive) == 0);
    CHECK(pthread_mutex_lock(&checking) == 0 && pthread_mutex_lock(&checking) == EDEADLK && pthread_mutex_unlock(&checking) == 0);
    CHECK(pthread_mutex_lock(&plain) == 0 && pthread_mutex_trylock(&plain) == EBUSY);
    CHECK(pthread_mutex_timedlock(&plain, past) == ETIMEDOUT && pthread_mutex_clocklock(&plain, 1, past) == ETIMEDOUT);
    CHECK(pthread_mutex_unlock(&plain) == 0);
    return 0;
}

int probe_a_mutex_is_settled_once(void) {
    unsigned long threads[8];
    void *result;
    for (int i = 0; i < 8; i++) CHECK(pthread_create(&threads[i], 0, adder, 0) == 0);
    for (int i = 0; i < 8; i++) CHECK(pthread_join(threads[i], &result) == 0 && result == 0);
    CHECK(total == 16000);
    return 0;
}

static void *failing(void *given) { close(-1); return (void *)(long)(errno == EBADF ? *(int *)given : 0); }

int probe_errno_is_each_threads_own(void) {
    unsigned long thread;
    void *result;
    int given = 77;
    errno = 5;
    CHECK(pthread_create(&thread, 0, failing, &given) == 0 && pthread_join(thread, &result) == 0);
    CHECK(result == (void *)77 && errno == 5);
    return 0;
}
