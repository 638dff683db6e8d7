/* The native half of System.loadLibrary: what Android's runtime asks of libnativeloader. */
#include "bionic.h"

#include <dlfcn.h>
#include <jni.h>

/* Links a library of the app, whose libraries lie in `folder`. Returns what the linker says against it, or null. */
JNIEXPORT jstring JNICALL Java_dev_tfliteharness_pixel_device_NativeLibraries_link(JNIEnv *env, jclass type, jstring folder,
                                                                                   jstring name) {
    (void)type;
    const char *place = (*env)->GetStringUTFChars(env, folder, NULL), *text = (*env)->GetStringUTFChars(env, name, NULL);
    linker_set_folder(place);
    crash_guard_thread(); /* this thread is about to run the app's native code */
    void *library = bionic_dlopen(text, RTLD_NOW);
    (*env)->ReleaseStringUTFChars(env, folder, place);
    (*env)->ReleaseStringUTFChars(env, name, text);
    return library ? NULL : (*env)->NewStringUTF(env, bionic_dlerror());
}
