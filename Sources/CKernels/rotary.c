#include "lanes.h"

INLINE void turn(float *x, const int32_t *positions, const float *cosine, const float *sine, long rows, long stride,
                 long heads, long size, float direction) {
    long half = size / 2;
    for (long row = 0; row < rows; row++) {
        const float *c = cosine + (long)positions[row] * half;
        const float *s = sine + (long)positions[row] * half;
        for (long head = 0; head < heads; head++) {
            float *first = x + row * stride + head * size, *second = first + half;
            for (long j = 0; j < half; j++) {
                float a = first[j], b = second[j], t = direction * s[j];
                first[j] = a * c[j] - b * t;
                second[j] = b * c[j] + a * t;
            }
        }
    }
}

DISPATCHED void kernel_rotary(float *x, const int32_t *positions, const float *cosine, const float *sine, long rows,
                              long stride, long heads, long size) {
    turn(x, positions, cosine, sine, rows, stride, heads, size, 1.0f);
}

DISPATCHED void kernel_rotary_backward(float *dx, const int32_t *positions, const float *cosine, const float *sine,
                                       long rows, long stride, long heads, long size) {
    turn(dx, positions, cosine, sine, rows, stride, heads, size, -1.0f);
}
