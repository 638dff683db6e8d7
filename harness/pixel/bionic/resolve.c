/* Fills the table behind the names that go on to glibc. */
#define _GNU_SOURCE
#include "bionic.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static void missing(void) {
    device_log(LOG_ID_MAIN, LOG_FATAL, "libc", "call of a function that this host's C library doesn't have");
    abort();
}

/* Called by libc.so when it is loaded, before any of its users' own initialisers. */
void bionic_resolve(const char *const *names, void **targets, size_t count, void **streams) {
    Dl_info here;
    dladdr((void *)bionic_resolve, &here);
    void *host = dlopen(here.dli_fname, RTLD_NOW | RTLD_NOLOAD); /* this library, and glibc behind it */
    for (size_t i = 0; i < count; i++) {
        void *target = dlsym(host, names[i]);
        targets[i] = target ? target : (void *)missing;
    }
    streams[0] = stdin;
    streams[1] = stdout;
    streams[2] = stderr;
}

/* Android's RTLD_DEFAULT also searches the caller's own library and what it needs. A JVM loads libraries RTLD_LOCAL, where
   glibc wouldn't look; XNNPACK's registration, a weak symbol of the caller's own library, depends on this. */
void *bionic_dlsym(void *handle, const char *name) {
    void *found = dlsym(handle, name);
    if (found || handle != RTLD_DEFAULT) return found;
    Dl_info caller;
    if (!dladdr(__builtin_return_address(0), &caller) || !caller.dli_fname) return NULL;
    void *library = dlopen(caller.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (!library) return NULL;
    found = dlsym(library, name);
    dlclose(library);
    return found ? found : dlsym(RTLD_DEFAULT, name); /* again, as callers ask dlerror for the reason, and dlclose took it */
}
