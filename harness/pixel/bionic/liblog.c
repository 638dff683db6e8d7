/* liblog.so: Android's native logging (android/log.h), and the native half of android.util.Log. */
#define _GNU_SOURCE
#include "bionic.h"

#include <errno.h>
#include <jni.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 4096

static _Atomic int minimum = LOG_DEFAULT;

/* The least priority that `setprop log.tag.TAG` lets through, or -1. */
static int property_level(const char *tag) {
    static const char letters[] = "VDIWEF";
    char name[128], value[PROPERTY_VALUE_MAX];
    snprintf(name, sizeof name, "log.tag.%s", tag ? tag : "");
    if (!bionic___system_property_get(name, value)) return -1;
    const char *found = strchr(letters, value[0] == 'A' ? 'F' : value[0]);
    if (found && *found) return LOG_VERBOSE + (int)(found - letters);
    return value[0] == 'S' ? LOG_SILENT : -1;
}

/* As log_is_loggable.cpp of Android 14 weighs property, the process' own minimum, and the caller's `fallback`. */
int __android_log_is_loggable(int priority, const char *tag, int fallback) {
    int level = property_level(tag), own = minimum;
    if (own == LOG_DEFAULT) return priority >= (level >= 0 ? level : fallback);
    return priority >= (level >= 0 && level < own ? level : own);
}

int __android_log_set_minimum_priority(int priority) { return atomic_exchange(&minimum, priority); }
int __android_log_get_minimum_priority(void) { return minimum; }

int __android_log_buf_write(int buffer, int priority, const char *tag, const char *message) {
    if (!__android_log_is_loggable(priority, tag, LOG_VERBOSE)) return -EPERM;
    device_log((enum log_id)buffer, priority, tag, message);
    return 1;
}

int __android_log_write(int priority, const char *tag, const char *message) {
    return __android_log_buf_write(LOG_ID_MAIN, priority, tag, message);
}

int __android_log_vprint(int priority, const char *tag, const char *format, va_list arguments) {
    char message[MESSAGE_MAX];
    vsnprintf(message, sizeof message, format, arguments);
    return __android_log_write(priority, tag, message);
}

int __android_log_print(int priority, const char *tag, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int result = __android_log_vprint(priority, tag, format, arguments);
    va_end(arguments);
    return result;
}

int __android_log_buf_print(int buffer, int priority, const char *tag, const char *format, ...) {
    char message[MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return __android_log_buf_write(buffer, priority, tag, message);
}

_Noreturn void __android_log_assert(const char *condition, const char *tag, const char *format, ...) {
    char message[MESSAGE_MAX];
    if (format) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
    } else {
        snprintf(message, sizeof message, condition ? "Assertion failed: %s" : "Unspecified assertion failed", condition);
    }
    bionic_die(tag, message);
}

JNIEXPORT jint JNICALL Java_dev_tfliteharness_pixel_app_NativeLog_write(JNIEnv *env, jclass type, jint buffer, jint priority,
                                                                        jbyteArray tag, jbyteArray message) {
    (void)type;
    char text[2][MESSAGE_MAX];
    jbyteArray arrays[] = {tag, message};
    for (int i = 0; i < 2; i++) {
        jsize length = (*env)->GetArrayLength(env, arrays[i]);
        if (length > MESSAGE_MAX - 1) length = MESSAGE_MAX - 1;
        (*env)->GetByteArrayRegion(env, arrays[i], 0, length, (jbyte *)text[i]);
        text[i][length] = 0;
    }
    return __android_log_buf_write(buffer, priority, text[0], text[1]);
}

JNIEXPORT void JNICALL Java_dev_tfliteharness_pixel_app_NativeLog_setProcess(JNIEnv *env, jclass type, jstring name) {
    (void)type;
    const char *text = (*env)->GetStringUTFChars(env, name, NULL);
    device_set_process(text);
    (*env)->ReleaseStringUTFChars(env, name, text);
}
