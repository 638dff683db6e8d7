/* libOpenCL.so: Khronos' loader, save for what it says of the device. The first device of any kind answers as the GPU that an
   Android app asks for, and by one name on every host: TensorFlow Lite chooses its kernels by the vendor that it finds in the
   name, and pocl's has the processor's. It would take one on an AMD processor for a Radeon and use image buffers, which pocl
   doesn't have, and one on an Intel processor for an Intel GPU, whose convolutions pocl 3.1 miscompiles (docs/gpu_wrong.md).
   `setprop debug.opencl.name Mali-G78` gives it another name, and the app that starts next that GPU's kernels.
   Numbers: OpenCL 1.2, cl.h. */
#define _GNU_SOURCE
#include "bionic.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CL_INVALID_VALUE (-30)
#define CL_DEVICE_TYPE 0x1000
#define CL_DEVICE_NAME 0x102B
#define CL_DEVICE_VENDOR 0x102C
#define CL_DEVICE_TYPE_GPU ((uint64_t)1 << 2)
#define CL_DEVICE_TYPE_ALL ((uint64_t)0xFFFFFFFF)
#define NAME "pocl"
#define NAME_PROPERTY "debug.opencl.name"

static void *loader(const char *name) {
    static void *library;
    if (!library) library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_GLOBAL);
    return dlsym(library, name);
}

int32_t clGetDeviceIDs(void *platform, uint64_t type, uint32_t room, void **devices, uint32_t *count) {
    int32_t (*real)(void *, uint64_t, uint32_t, void **, uint32_t *) = loader("clGetDeviceIDs");
    return real(platform, type == CL_DEVICE_TYPE_GPU ? CL_DEVICE_TYPE_ALL : type, room, devices, count);
}

static int32_t answer(const void *data, size_t length, size_t room, void *value, size_t *size) {
    if (value && room < length) return CL_INVALID_VALUE;
    if (value) memcpy(value, data, length);
    if (size) *size = length;
    return 0;
}

static int32_t answer_name(size_t room, void *value, size_t *size) {
    char name[PROPERTY_VALUE_MAX];
    if (!bionic___system_property_get(NAME_PROPERTY, name)) strcpy(name, NAME);
    return answer(name, strlen(name) + 1, room, value, size);
}

int32_t clGetDeviceInfo(void *device, uint32_t what, size_t room, void *value, size_t *size) {
    static const uint64_t gpu = CL_DEVICE_TYPE_GPU;
    int32_t (*real)(void *, uint32_t, size_t, void *, size_t *) = loader("clGetDeviceInfo");
    switch (what) {
        case CL_DEVICE_TYPE: return answer(&gpu, sizeof gpu, room, value, size);
        case CL_DEVICE_NAME:
        case CL_DEVICE_VENDOR: return answer_name(room, value, size);
        default: return real(device, what, room, value, size);
    }
}
