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

/// What a row of logits says about its own distribution.
typedef struct {
    double log_sum_exp;
    double entropy;
    float maximum;
} kernel_row_likelihood;
/// The numbers of one row of n > 0 logits, in nats.
kernel_row_likelihood kernel_likelihood(const float *logits, long n);
/// Replaces n logits by factor * softmax(logits); a log-probability's gradient is 1 at its token minus the softmax.
/// It does not add: the logits' own memory, often hundreds of MiB, becomes their gradient.
void kernel_likelihood_backward(float *logits, long n, double log_sum_exp, float factor);

/// C (m, n) = A (m, k) . B (k, n), or += when `accumulate`. Element (i, p) of A is a[i * a_row + p * a_column], so a
/// transposed A is two swapped numbers. Each element of C is summed over p in order, whatever m and n are.
void kernel_product(long m, long n, long k, const float *a, long a_row, long a_column, const float *b, long b_row,
                    float *c, long c_row, int accumulate);
/// y (columns, rows) = x (rows, columns) transposed; rows of x are x_row floats apart, rows of y are y_row.
void kernel_transpose(const float *x, long x_row, float *y, long y_row, long rows, long columns);

/// Which elements a dropout site drops: those whose Philox word is below `threshold` (probability * 2^32).
/// Element (row, column) takes word (column % 64) / 16 at counter
/// ((first_row + row) * ceil(width / 64) + column / 64) * 16 + column % 16 of (key, stream).
typedef struct {
    uint64_t key, stream;
    uint32_t threshold;
    float scale;
} kernel_dropout_site;
/// y += scale * x where x (rows, width) is kept.
void kernel_dropout_add(const float *x, float *y, long first_row, long rows, long width, kernel_dropout_site site);
/// dx += scale * dy where the forward kept x: the same operation, with the roles of the buffers turned round.
void kernel_dropout_add_backward(const float *dy, float *dx, long first_row, long rows, long width,
                                 kernel_dropout_site site);

/// The sum of squares of n values, in double.
double kernel_sum_of_squares(const float *x, long n);
/// One AdamW update of n parameters (Loshchilov and Hutter 2019), in the order of operations of torch.optim.AdamW.
typedef struct {
    /// Multiplies the gradient first: the clipping factor.
    float gradient_scale;
    /// 1 - beta1, beta2 and 1 - beta2, each rounded once from double: 1 - 0.999f is off in the fifth digit.
    float first_rate, beta2, second_rate;
    /// 1 - learning_rate * weight_decay.
    float decay;
    /// learning_rate / (1 - beta1^t).
    float step_size;
    /// sqrt(1 - beta2^t).
    float second_correction;
    float epsilon;
} kernel_adamw_step;
void kernel_adamw(float *weight, float *first, float *second, const float *gradient, long n, kernel_adamw_step step);
#include "CKernelsBFloat16.h"
#include "CKernelsGeneration.h"
#include "CKernelsLinear.h"
#include "CKernelsQuantized.h"

#endif
