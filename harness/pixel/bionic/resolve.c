/* Fills the table behind the names that go on to glibc. */
#define _GNU_SOURCE
#include "bionic.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define LACKING_MAX 64

static const char *lacking[LACKING_MAX];
static size_t lacking_count;

/* Only a pointer that was had before `resolve_lacks` could be asked leads here: a dlsym of the layer's own name, say. */
static void missing(void) {
    device_log(LOG_ID_MAIN, LOG_FATAL, "libc", "call of a function that this host's C library doesn't have");
    abort();
}

int resolve_lacks(const char *name) {
    for (size_t i = 0; i < lacking_count; i++)
        if (!strcmp(lacking[i], name)) return 1;
    return 0;
}

/* Called by libc.so when it is loaded, before any of its users' own initialisers. */
void bionic_resolve(const char *const *names, void **targets, size_t count, struct variables *variables) {
    Dl_info here;
    dladdr((void *)bionic_resolve, &here);
    void *host = dlopen(here.dli_fname, RTLD_NOW | RTLD_NOLOAD); /* this library, and glibc behind it */
    for (size_t i = 0; i < count; i++) {
        void *target = dlsym(host, names[i]);
        if (!target && lacking_count < LACKING_MAX) lacking[lacking_count++] = names[i];
        targets[i] = target ? target : (void *)missing;
    }
    variables_start(variables);
}
