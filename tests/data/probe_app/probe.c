/* The probe app's native library, in Android's names: logs, or ends the process in the way that the number says. */
#include <jni.h>

extern int __android_log_print(int, const char *, const char *, ...);
extern void __android_log_assert(const char *, const char *, const char *, ...) __attribute__((noreturn));
extern void android_set_abort_message(const char *);
extern void abort(void) __attribute__((noreturn));
extern unsigned long strlen(const char *);
extern void free(void *);
extern int pthread_create(unsigned long *, const void *, void *(*)(void *), void *), pthread_join(unsigned long, void **);
extern void *mmap(void *, unsigned long, int, int, int, long);
extern int memfd_create(const char *, unsigned);

static volatile int zero;

__attribute__((noinline)) int probe_deeper(int depth) {
    volatile char room[512];
    room[depth % 512] = 1;
    return probe_deeper(depth + 1) + room[depth % 512];
}

static void *probe_worker(void *argument) {
    return (void *)(long)probe_deeper((int)(long)argument);
}

JNIEXPORT void JNICALL Java_dev_tfliteharness_ProbeInstrumentation_probe(JNIEnv *env, jclass type, jint what) {
    (void)env, (void)type;
    unsigned long worker;
    static long numbers[4] __attribute__((aligned(16)));
    switch (what) {
        case -1: *(volatile int *)16 = 1; break;
        case -2: android_set_abort_message("told to abort"); abort();
        case -3: zero = probe_deeper(0); break;
        case -4: zero = (zero + 7) / zero; break;
        case -5: __builtin_trap();
        case -6: zero = *(volatile int *)mmap(0, 4096, 1, 2, memfd_create("empty", 0), 0); break;
        case -7: pthread_create(&worker, 0, probe_worker, 0); pthread_join(worker, 0); break;
        case -8: __android_log_assert("a == b", "probe", "%d is not %d", 1, 2);
        case -9: zero = (int)strlen((const char *)(long)zero); break;
        case -10: ((void (*)(void))(long)zero)(); break;
        case -11: free(&numbers[2]); break;
        default: __android_log_print(4, "probe", "native %d", what);
    }
}
