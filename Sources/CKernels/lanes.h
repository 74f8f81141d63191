#ifndef LANES_H
#define LANES_H

#include "CKernels.h"

#include <string.h>

/// Sixteen floats. Every reduction keeps sixteen partial sums by position and adds them in one order, so a result is
/// the same for every vector width the CPU has, up to fused multiply-adds, and never depends on the threads.
typedef float lanes __attribute__((vector_size(64), aligned(4)));
typedef int32_t int_lanes __attribute__((vector_size(64), aligned(4)));
typedef uint32_t word_lanes __attribute__((vector_size(64), aligned(4)));

enum { LANES = 16 };

#if defined(__x86_64__)
/// Compiled once for each instruction set; the loader picks by the CPU it finds.
#define DISPATCHED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
/// Wide vectors survive inlining into a dispatched function. Vectors go by address: by value their calling
/// convention would depend on the instruction set.
#define INLINE static inline __attribute__((always_inline, min_vector_width(512)))
#else
#define DISPATCHED
#define INLINE static inline __attribute__((always_inline))
#endif

static inline long smaller(long a, long b) { return a < b ? a : b; }

/// The sum of the sixteen parts, pairwise in a fixed order.
INLINE float sum_of_lanes(const lanes *parts) {
    float part[LANES];
    memcpy(part, parts, sizeof part);
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++) part[i] += part[i + width];
    return part[0];
}

/// The `count` < 16 floats at `from`; the other lanes hold `fill`.
INLINE void load_tail(lanes *to, const float *from, long count, float fill) {
    float part[LANES];
    for (int i = 0; i < LANES; i++) part[i] = i < count ? from[i] : fill;
    memcpy(to, part, sizeof part);
}

INLINE void store_tail(float *to, const lanes *from, long count) {
    float part[LANES];
    memcpy(part, from, sizeof part);
    for (long i = 0; i < count; i++) to[i] = part[i];
}

/// `chosen` where `mask` is all ones, `other` where it is zero.
INLINE void blend(lanes *result, const int_lanes *mask, const lanes *chosen, const lanes *other) {
    *result = (lanes)((*mask & (int_lanes)*chosen) | (~*mask & (int_lanes)*other));
}

/// e to each lane, within 2 units in the last place; 0 below -104, infinity above 89, NaN stays NaN.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2; the series of eʳ to the seventh power errs by less than 1e-8 there. The power
/// of two is multiplied in as two factors so that neither leaves the range of a float.
INLINE void exp_lanes(lanes *value) {
    const lanes zero = {0};
    lanes x = *value, lowest = zero - 104.0f, highest = zero + 89.0f;
    int_lanes below = x < lowest, above = x > highest;
    blend(&x, &below, &lowest, &x);
    blend(&x, &above, &highest, &x);
    // Adding and taking away 1.5 * 2^23 rounds to the nearest whole number.
    lanes n = x * 1.44269504f + 12582912.0f - 12582912.0f;
    lanes r = x - n * 0.693145752f;
    r = r - n * 1.42860677e-6f;
    lanes p = r * 1.98412698e-4f + 1.38888889e-3f;
    p = p * r + 8.33333333e-3f;
    p = p * r + 4.16666667e-2f;
    p = p * r + 1.66666667e-1f;
    p = p * r + 0.5f;
    p = p * (r * r) + r + 1.0f;
    int_lanes exponent = __builtin_convertvector(n, int_lanes);
    int_lanes half = exponent >> 1, rest = exponent - half;
    *value = p * (lanes)((half + 127) << 23) * (lanes)((rest + 127) << 23);
}

/// 1 / (1 + e⁻ˣ) of each lane.
INLINE void sigmoid_lanes(lanes *value) {
    lanes e = -*value;
    exp_lanes(&e);
    *value = 1.0f / (1.0f + e);
}

#endif
