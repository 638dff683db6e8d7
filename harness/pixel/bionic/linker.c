/* dlopen, dlsym and dlerror as Android's linker answers them. glibc loads; before it does, everything is checked that Android
   refuses at load time: glibc would look among the host's libraries, and find a missing function only when it is called.
   Behaviour and words: bionic's linker.cpp and linker_relocate.cpp, Android 14. */
#define _GNU_SOURCE
#include "bionic.h"
#include "elf.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMESPACE "clns-4" /* what an Android 14 calls the namespace of the app's own class loader */
#define NEEDED_MAX 64

/* The host's libraries that some of the layer's are made of; their names are an app's, too. From bionic_build.py. */
static const char *const DRIVERS[] = {HOST_DRIVERS};

static pthread_mutex_t linking = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static char app_folder[4096];
static _Thread_local char message[2048];
static _Thread_local int said;

static void *fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    said = 1;
    return NULL;
}

char *bionic_dlerror(void) {
    if (!said) return NULL;
    said = 0;
    return message;
}

void linker_set_folder(const char *folder) {
    pthread_mutex_lock(&linking);
    snprintf(app_folder, sizeof app_folder, "%s", folder);
    pthread_mutex_unlock(&linking);
}

/* A place that Android hasn't: the host's own libraries and the JVM's. */
static int is_hosts(const char *path) {
    return !*path || !strncmp(path, "/usr/", 5) || !strncmp(path, "/lib", 4) || !strncmp(path, "/apex/", 6);
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Whether an app may use what lies at `address`. */
static int is_visible(const void *address) {
    Dl_info info;
    struct link_map *library = NULL;
    if (!dladdr1(address, &info, (void **)&library, RTLD_DL_LINKMAP) || !library) return 1; /* a thread's variable, say */
    const char *name = last_part(library->l_name);
    for (size_t i = 0; i < sizeof DRIVERS / sizeof *DRIVERS; i++)
        if (!strcmp(name, DRIVERS[i])) return 1;
    return !is_hosts(library->l_name) && strcmp(name, HOST_LIBRARY);
}

static void *visible(void *found) { return found && is_visible(found) ? found : NULL; }

static void *lookup(void *library, const char *name, const char *version) {
    void *found = version ? dlvsym(library, name, version) : dlsym(library, name);
    return resolve_lacks(name) ? NULL : visible(found);
}

/* The layer's folder, with a slash at its end: the system's libraries, which the layer made. */
static size_t system_folder(char *folder, size_t room) {
    Dl_info here;
    dladdr((void *)system_folder, &here);
    snprintf(folder, room, "%.*s", (int)(last_part(here.dli_fname) - here.dli_fname), here.dli_fname);
    return strlen(folder);
}

/* Path of the library that an app means by `name`, its own before the system's; 0 when there is none. */
static int find(const char *name, char *path, size_t room) {
    if (strchr(name, '/')) {
        snprintf(path, room, "%s", name);
        if (!is_hosts(path) && access(path, F_OK) == 0) return 1;
        name = last_part(name); /* public libraries are found by their last name, wherever an app believes them */
    } else if (*app_folder) {
        snprintf(path, room, "%s/%s", app_folder, name);
        if (access(path, F_OK) == 0) return 1;
    }
    size_t length = system_folder(path, room);
    snprintf(path + length, room - length, "%s", name);
    return strncmp(name, "lib", 3) == 0 && strcmp(name, HOST_LIBRARY) && access(path, F_OK) == 0;
}

static void *load(const char *path, int flags);

/* Loads what the library needs; `handles` ends with NULL. */
static int load_needed(const struct elf *elf, void **handles) {
    const char *name;
    size_t count = 0;
    for (size_t number = 0; (name = elf_needed(elf, number)) && count < NEEDED_MAX; number++) {
        char path[4096];
        void *handle = dlopen(name, RTLD_LAZY | RTLD_NOLOAD); /* one with that soname */
        struct link_map *there = handle;
        if (there && is_hosts(there->l_name)) handle = NULL;
        if (!handle && !find(name, path, sizeof path))
            return fail("library \"%s\" not found: needed by %s in namespace " NAMESPACE, name, elf->path) != NULL;
        if (!handle) handle = load(path, RTLD_NOW);
        if (!handle) return 0;
        handles[count++] = handle;
    }
    handles[count] = NULL;
    return 1;
}

static int check_symbols(const struct elf *elf, void *const *needed) {
    for (size_t symbol = 0; symbol < elf->symbol_count; symbol++) {
        const char *version, *name = elf_wanted(elf, symbol, &version);
        if (!name) continue;
        void *found = NULL;
        for (void *const *library = needed; *library && !found; library++) found = lookup(*library, name, version);
        if (!found) found = lookup(RTLD_DEFAULT, name, version); /* loaded RTLD_GLOBAL before */
        if (!found) {
            fail("cannot locate symbol \"%s\" referenced by \"%s\"...", name, elf->path);
            device_log(LOG_ID_MAIN, LOG_ERROR, "linker", message);
            return 0;
        }
    }
    return 1;
}

static void *host_load(const char *path, int flags) {
    void *handle = dlopen(path, flags);
    return handle ? handle : fail("%s", dlerror());
}

static void *load(const char *path, int flags) {
    char folder[4096];
    void *handle = dlopen(path, RTLD_LAZY | RTLD_NOLOAD), *needed[NEEDED_MAX + 1];
    if (handle) dlclose(handle);
    if (handle || !strncmp(path, folder, system_folder(folder, sizeof folder))) return host_load(path, flags);
    struct elf elf;
    char *refusal = elf_open(&elf, path);
    if (refusal) {
        fail("%s", refusal);
        free(refusal);
        return NULL;
    }
    int linked = load_needed(&elf, needed) && check_symbols(&elf, needed);
    elf_close(&elf);
    if (!linked) return NULL;
    return host_load(path, flags);
}

/* What every way to load a library comes to. */
void *bionic_dlopen(const char *name, int flags) {
    if (!name) return dlopen(NULL, flags);
    char path[4096];
    pthread_mutex_lock(&linking);
    void *handle = NULL;
    if (!find(name, path, sizeof path))
        fail("library \"%s\" not found", name);
    else if (!(flags & RTLD_NOLOAD))
        handle = load(path, (flags & ~RTLD_LAZY) | RTLD_NOW); /* as bionic, which binds at once whatever was asked */
    else if (!(handle = dlopen(path, flags)))
        fail("library \"%s\" wasn't loaded and RTLD_NOLOAD prevented it", name);
    pthread_mutex_unlock(&linking);
    if (handle) return handle;
    char reason[sizeof message];
    snprintf(reason, sizeof reason, "%s", message);
    return fail("dlopen failed: %s", reason);
}

/* The library with `address` in it, and what it needs, is where Android's RTLD_DEFAULT looks. A JVM loads libraries RTLD_LOCAL,
   where glibc wouldn't; XNNPACK's registration, a weak symbol of the caller's own library, depends on this. */
static void *lookup_from(const void *address, const char *name) {
    Dl_info caller;
    void *library = NULL, *found = NULL;
    if (dladdr(address, &caller) && caller.dli_fname) library = dlopen(caller.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (library) {
        found = lookup(library, name, NULL);
        dlclose(library);
    }
    return found ? found : lookup(RTLD_DEFAULT, name, NULL);
}

void *bionic_dlsym(void *handle, const char *name) {
    void *found = handle == RTLD_DEFAULT ? lookup_from(__builtin_return_address(0), name) : lookup(handle, name, NULL);
    return found ? found : fail("undefined symbol: %s", name);
}
