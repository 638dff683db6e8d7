/* Android's system properties, read from the device's property file: `name=value` lines that its daemon rewrites whole. */
#define _GNU_SOURCE
#include "bionic.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SDK_PROPERTY "ro.build.version.sdk"
#define PROPERTY_NAME_MAX 32
#define SDK_DEFAULT "34" /* the framework that the app process runs on; cpuinfo, and so XNNPACK, gives up without an answer */

int bionic___system_property_get(const char *name, char *value) {
    char line[512];
    size_t length = strlen(name);
    value[0] = 0;
    FILE *file = fopen(PROPERTY_FILE, "re");
    if (file) {
        while (fgets(line, sizeof line, file)) {
            if (strncmp(line, name, length) != 0 || line[length] != '=') continue;
            line[strcspn(line, "\n")] = 0;
            snprintf(value, PROPERTY_VALUE_MAX, "%s", line + length + 1);
        }
        fclose(file);
    }
    if (!value[0] && strcmp(name, SDK_PROPERTY) == 0) strcpy(value, SDK_DEFAULT);
    return (int)strlen(value);
}

/* A property that was found: Android hands out places in its shared memory, which stay. */
struct prop_info {
    struct prop_info *next;
    char name[];
};
static pthread_mutex_t finding = PTHREAD_MUTEX_INITIALIZER;
static struct prop_info *known;

const struct prop_info *bionic___system_property_find(const char *name) {
    char value[PROPERTY_VALUE_MAX];
    if (!bionic___system_property_get(name, value)) return NULL;
    pthread_mutex_lock(&finding);
    struct prop_info *info = known;
    while (info && strcmp(info->name, name) != 0) info = info->next;
    if (!info && (info = malloc(sizeof *info + strlen(name) + 1))) {
        strcpy(info->name, name);
        info->next = known;
        known = info;
    }
    pthread_mutex_unlock(&finding);
    return info;
}

int bionic___system_property_read(const struct prop_info *info, char *name, char *value) {
    if (name) snprintf(name, PROPERTY_NAME_MAX, "%s", info->name);
    return bionic___system_property_get(info->name, value);
}

void bionic___system_property_read_callback(const struct prop_info *info,
                                            void (*callback)(void *, const char *, const char *, uint32_t), void *cookie) {
    char value[PROPERTY_VALUE_MAX];
    bionic___system_property_get(info->name, value);
    callback(cookie, info->name, value, 0);
}

int bionic_android_get_device_api_level(void) {
    char value[PROPERTY_VALUE_MAX];
    bionic___system_property_get(SDK_PROPERTY, value);
    int level = atoi(value);
    return level > 0 ? level : -1;
}

int bionic_android_get_application_target_sdk_version(void) { return bionic_android_get_device_api_level(); }
