/* libnativewindow.so: AHardwareBuffer (android/hardware_buffer.h) in plain memory, for the CPU; no driver here imports one. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct {
    uint32_t width, height, layers, format;
    uint64_t usage;
    uint32_t stride, reserved;
    uint64_t reserved_too;
} Description;

typedef struct {
    atomic_int holders;
    Description description;
    void *memory;
} AHardwareBuffer;

typedef struct {
    int32_t left, top, right, bottom;
} Rect;

/* Bytes of a pixel; 0 for formats that aren't known. */
static uint32_t pixel_size(uint32_t format) {
    switch (format) {
        case 0x01:                /* R8G8B8A8_UNORM */
        case 0x02:                /* R8G8B8X8_UNORM */
        case 0x2b: return 4;      /* R10G10B10A2_UNORM */
        case 0x03: return 3;      /* R8G8B8_UNORM */
        case 0x04: return 2;      /* R5G6B5_UNORM */
        case 0x16: return 8;      /* R16G16B16A16_FLOAT */
        case 0x21:                /* BLOB */
        case 0x38: return 1;      /* R8_UNORM */
        default: return 0;
    }
}

int AHardwareBuffer_allocate(const Description *wanted, AHardwareBuffer **result) {
    uint64_t row = (uint64_t)wanted->width * pixel_size(wanted->format);
    if (!row || !wanted->height || !wanted->layers) return -EINVAL;
    if (wanted->format == 0x21 && wanted->height != 1) return -EINVAL;
    AHardwareBuffer *buffer = calloc(1, sizeof *buffer);
    uint64_t size = row * wanted->height;
    if (!buffer || __builtin_mul_overflow(size, wanted->layers, &size) || !(buffer->memory = calloc(1, size))) {
        free(buffer);
        return -ENOMEM;
    }
    buffer->holders = 1;
    buffer->description = *wanted;
    buffer->description.stride = wanted->width;
    *result = buffer;
    return 0;
}

int AHardwareBuffer_isSupported(const Description *wanted) {
    return pixel_size(wanted->format) && wanted->width && wanted->height && wanted->layers;
}

void AHardwareBuffer_acquire(AHardwareBuffer *buffer) { atomic_fetch_add(&buffer->holders, 1); }

void AHardwareBuffer_release(AHardwareBuffer *buffer) {
    if (atomic_fetch_sub(&buffer->holders, 1) != 1) return;
    free(buffer->memory);
    free(buffer);
}

void AHardwareBuffer_describe(const AHardwareBuffer *buffer, Description *description) { *description = buffer->description; }

/* `fence` is a descriptor of what to wait for, taken over, or -1: what is computed here is done when its call returns. */
int AHardwareBuffer_lock(AHardwareBuffer *buffer, uint64_t usage, int32_t fence, const Rect *rect, void **address) {
    (void)usage, (void)rect;
    if (fence >= 0) close(fence);
    *address = buffer->memory;
    return 0;
}

int AHardwareBuffer_unlock(AHardwareBuffer *buffer, int32_t *fence) {
    (void)buffer;
    if (fence) *fence = -1;
    return 0;
}
