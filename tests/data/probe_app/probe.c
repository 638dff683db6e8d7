/* The probe app's native library, in Android's names: logs, follows a null pointer, or aborts. */
#include <jni.h>

extern int __android_log_print(int, const char *, const char *, ...);
extern void android_set_abort_message(const char *);
extern void abort(void) __attribute__((noreturn));

JNIEXPORT void JNICALL Java_dev_tfliteharness_ProbeInstrumentation_probe(JNIEnv *env, jclass type, jint what) {
    (void)env, (void)type;
    if (what == -1) *(volatile int *)16 = 1;
    if (what == -2) {
        android_set_abort_message("told to abort");
        abort();
    }
    __android_log_print(4, "probe", "native %d", what);
}
