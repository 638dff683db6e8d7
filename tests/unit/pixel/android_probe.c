/* What a library of an APK looks like to the layer: it knows bionic's names and layouts, and links to libc.so, liblog.so. */
typedef unsigned long size_t;
typedef unsigned long sigset;

extern int *__errno(void);
extern char __sF[3][152];
extern void *stdout;
extern int close(int), fprintf(void *, const char *, ...), fflush(void *), fputs(const char *, void *);
extern size_t fwrite(const void *, size_t, size_t, void *), strlen(const char *), strlcpy(char *, const char *, size_t);
extern size_t __strlen_chk(const char *, size_t);
extern int strerror_r(int, char *, size_t), sigemptyset(sigset *), sigfillset(sigset *), sigaddset(sigset *, int);
extern int sigismember(const sigset *, int), pthread_sigmask(int, const sigset *, sigset *), raise(int);
extern long sysconf(int);
extern void *memalign(size_t, size_t);
extern int posix_memalign(void **, size_t, size_t);
extern void *dlsym(void *, const char *);
extern int __system_property_get(const char *, char *), android_get_device_api_level(void);
extern int __android_log_print(int, const char *, const char *, ...);
extern void android_set_abort_message(const char *);
extern void abort(void) __attribute__((noreturn));
extern int sem_init(void *, int, unsigned), sem_post(void *), sem_trywait(void *), sem_timedwait(void *, const long *);
extern int setjmp(long *) __attribute__((returns_twice));
extern void longjmp(long *, int);
struct android_sigaction { int flags; void (*handler)(int); sigset mask; void (*restorer)(void); };
extern int sigaction(int, const struct android_sigaction *, struct android_sigaction *);

int probe_errno(void) { close(-1); return *__errno(); }

int probe_old_stdout(void) {
    fprintf(&__sF[1], "fprintf %d\n", 7);
    fputs("fputs\n", &__sF[1]);
    return fwrite("fwrite\n", 1, 7, &__sF[1]) == 7 ? fflush(&__sF[1]) : -1;
}

int probe_new_stdout(void) { return fprintf(stdout, "stream\n") == 7 ? fflush(stdout) : -1; }

int probe_strerror(char *buffer, int size) { return strerror_r(2, buffer, (size_t)size); }

long probe_sysconf(int name) { return sysconf(name); }

int probe_sigset(sigset *three) {
    sigfillset(&three[1]);
    sigset mask, only = 0;
    sigemptyset(&mask);
    sigaddset(&mask, 12);
    pthread_sigmask(0, &mask, 0);
    pthread_sigmask(2, &only, &three[1]);
    return sigismember(&three[1], 12);
}

static int caught;
static void on_signal(int number) { caught = number; }

int probe_sigaction(void) {
    struct android_sigaction action = {0, on_signal, 0, 0}, before;
    if (sigaction(10, &action, 0) != 0) return -1;
    raise(10);
    sigaction(10, 0, &before);
    return before.handler == on_signal ? caught : -2;
}

int probe_own_symbol(void) { return 41; }
int probe_default_lookup(void) {
    int (*found)(void) = dlsym(0, "probe_own_symbol");
    return found ? found() : -1;
}

int probe_property(const char *name, char *value) { return __system_property_get(name, value); }
int probe_api_level(void) { return android_get_device_api_level(); }
int probe_log(int number) { return __android_log_print(4, "probe", "number %d", number); }

int probe_semaphore(void) {
    struct { int sem[4]; int guard; } here = {{0}, 1234};
    long past[2] = {1, 0};
    sem_init(here.sem, 0, 1);
    if (sem_trywait(here.sem) != 0 || sem_trywait(here.sem) != -1 || *__errno() != 11) return 1;
    if (sem_timedwait(here.sem, past) != -1 || *__errno() != 110) return 2;
    sem_post(here.sem);
    return sem_timedwait(here.sem, past) == 0 && here.guard == 1234 ? 0 : 3;
}

int probe_jump(void) {
    struct { long buffer[10]; long guard; } here;
    here.guard = 99;
    volatile int turns = 0;
    int came = setjmp(here.buffer);
    turns++;
    if (came == 0) longjmp(here.buffer, 5);
    return here.guard == 99 && turns == 2 ? came : -1;
}

int probe_aligned(void) { /* of 32 blocks that want 32 bytes, how many lie at 64 */
    int count = 0;
    for (int block = 0; block < 16; block++) {
        void *other = 0;
        count += !((unsigned long)memalign(32, 100) % 64);
        count += !posix_memalign(&other, 32, 100) && !((unsigned long)other % 64);
    }
    return count;
}
int probe_misaligned(void) { void *place; return posix_memalign(&place, 24, 100); }

int probe_strlcpy(char *to, int size) { return (int)strlcpy(to, "abcdef", (size_t)size); }
void probe_overflow(void) { __strlen_chk("abcdef", 3); }
void probe_abort(void) { android_set_abort_message("told to"); abort(); }
