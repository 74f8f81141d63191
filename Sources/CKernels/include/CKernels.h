#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdint.h>

// Loops that need vectors and run-time CPU dispatch. Row-major float32; sizes in floats; no allocation; no threads.
// A row's result depends on that row alone. Backward kernels add into gradients and do not clear them.

/// Tells the CPU that this thread waits in a loop.
static inline void kernel_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/// y = e^x, n values; y may be x.
void kernel_exp(const float *x, float *y, long n);

/// y += x, n values.
void kernel_add(const float *x, float *y, long n);

/// Each row of y (rows, width): x / sqrt(mean(x^2) + epsilon) * weight. `inverse` (rows), which may be null, gets
/// 1 / sqrt(...). y may be x.
void kernel_rms_norm(const float *x, const float *weight, float *y, float *inverse, long rows, long width,
                     float epsilon);
/// Adds into dx (rows, width) what dy (rows, width) gives. `inverse` is as the forward left it.
void kernel_rms_norm_backward(const float *x, const float *weight, const float *dy, const float *inverse, float *dx,
                              long rows, long width);
/// Adds into dweight [first, first + count) what all the rows give, rows in order.
void kernel_rms_norm_weight_backward(const float *x, const float *dy, const float *inverse, float *dweight, long rows,
                                     long width, long first, long count);

/// Turns, in place, every head of `rows` rows by its position's angles: pair j is (j, j + size / 2) of a head.
/// Heads stand next to one another at the start of a row of `stride` floats. `cosine` and `sine`
/// (positions, size / 2) are read at positions[row].
void kernel_rotary(float *x, const int32_t *positions, const float *cosine, const float *sine, long rows, long stride,
                   long heads, long size);
/// Turns gradients back, in place: a rotation's transpose is its inverse.
void kernel_rotary_backward(float *dx, const int32_t *positions, const float *cosine, const float *sine, long rows,
                            long stride, long heads, long size);

/// y (rows, width) = silu(gate) * up, where a row of gate_up is [gate (width), up (width)].
void kernel_swiglu(const float *gate_up, float *y, long rows, long width);
/// Adds into d_gate_up (rows, 2 * width) what dy (rows, width) gives.
void kernel_swiglu_backward(const float *gate_up, const float *dy, float *d_gate_up, long rows, long width);

/// y = softmax(scale * x), n > 0 values; y may be x. Returns log(sum(e^(scale * x))).
float kernel_softmax(const float *x, float *y, long n, float scale);
/// Adds into dx what dy gives: scale * y * (dy - sum(y * dy)).
void kernel_softmax_backward(const float *y, const float *dy, float *dx, long n, float scale);

#include "CKernelsGeneration.h"
#include "CKernelsLinear.h"

#endif
