/* Android's system properties, read from the device's property file: `name=value` lines that its daemon rewrites whole. */
#define _GNU_SOURCE
#include "bionic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SDK_PROPERTY "ro.build.version.sdk"
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

int bionic_android_get_device_api_level(void) {
    char value[PROPERTY_VALUE_MAX];
    bionic___system_property_get(SDK_PROPERTY, value);
    int level = atoi(value);
    return level > 0 ? level : -1;
}

int bionic_android_get_application_target_sdk_version(void) { return bionic_android_get_device_api_level(); }
