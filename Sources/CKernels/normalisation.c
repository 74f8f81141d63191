#include "lanes.h"

#include <math.h>

/// sum of a[i] * b[i]: four runs of sixteen partial sums, then one tail.
INLINE float dot(const float *a, const float *b, long n) {
    lanes s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
    long i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES) {
        s0 += *(const lanes *)(a + i) * *(const lanes *)(b + i);
        s1 += *(const lanes *)(a + i + LANES) * *(const lanes *)(b + i + LANES);
        s2 += *(const lanes *)(a + i + 2 * LANES) * *(const lanes *)(b + i + 2 * LANES);
        s3 += *(const lanes *)(a + i + 3 * LANES) * *(const lanes *)(b + i + 3 * LANES);
    }
    for (; i + LANES <= n; i += LANES) s0 += *(const lanes *)(a + i) * *(const lanes *)(b + i);
    if (i < n) {
        lanes u, v;
        load_tail(&u, a + i, n - i, 0);
        load_tail(&v, b + i, n - i, 0);
        s1 += u * v;
    }
    s0 = (s0 + s1) + (s2 + s3);
    return sum_of_lanes(&s0);
}

DISPATCHED void kernel_rms_norm(const float *x, const float *weight, float *y, float *inverse, long rows, long width,
                                float epsilon) {
    for (long row = 0; row < rows; row++, x += width, y += width) {
        float scale = 1.0f / sqrtf(dot(x, x, width) / (float)width + epsilon);
        if (inverse) inverse[row] = scale;
        for (long i = 0; i < width; i++) y[i] = x[i] * scale * weight[i];
    }
}

DISPATCHED void kernel_rms_norm_backward(const float *x, const float *weight, const float *dy, const float *inverse,
                                         float *dx, long rows, long width) {
    for (long row = 0; row < rows; row++, x += width, dy += width, dx += width) {
        // sum of dy * weight * x, in the same order as `dot`'s single run.
        lanes parts = {0};
        long i = 0;
        for (; i + LANES <= width; i += LANES)
            parts += *(const lanes *)(dy + i) * *(const lanes *)(weight + i) * *(const lanes *)(x + i);
        if (i < width) {
            lanes u, v, w;
            load_tail(&u, dy + i, width - i, 0);
            load_tail(&v, weight + i, width - i, 0);
            load_tail(&w, x + i, width - i, 0);
            parts += u * v * w;
        }
        float scale = inverse[row];
        float pull = scale * scale * scale * sum_of_lanes(&parts) / (float)width;
        for (i = 0; i < width; i++) dx[i] += scale * dy[i] * weight[i] - pull * x[i];
    }
}

DISPATCHED void kernel_rms_norm_weight_backward(const float *x, const float *dy, const float *inverse, float *dweight,
                                                long rows, long width, long first, long count) {
    // Runs of 64 rows are summed apart, so that a sum over thousands of rows keeps its last digits.
    enum { RUN = 64 };
    for (long column = first; column < first + count; column += LANES) {
        long here = first + count - column < LANES ? first + count - column : LANES;
        lanes total = {0};
        for (long start = 0; start < rows; start += RUN) {
            long end = start + RUN < rows ? start + RUN : rows;
            lanes part = {0};
            for (long row = start; row < end; row++) {
                lanes u, v;
                if (here == LANES) {
                    u = *(const lanes *)(dy + row * width + column);
                    v = *(const lanes *)(x + row * width + column);
                } else {
                    load_tail(&u, dy + row * width + column, here, 0);
                    load_tail(&v, x + row * width + column, here, 0);
                }
                part += u * v * inverse[row];
            }
            total += part;
        }
        float sums[LANES];
        memcpy(sums, &total, sizeof sums);
        for (long i = 0; i < here; i++) dweight[column + i] += sums[i];
    }
}
