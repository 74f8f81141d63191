#include "lanes.h"

#include "logarithm.h"

#include <math.h>

/// Partial sums of this many values are added in double: a vocabulary's worth of terms keeps its last digits.
enum { RUN = 1024 };

INLINE float maximum(const float *x, long n) {
    lanes best;
    load_tail(&best, x, n < LANES ? n : LANES, -INFINITY);
    for (long i = LANES; i + LANES <= n; i += LANES) {
        const lanes *next = (const lanes *)(x + i);
        int_lanes larger = *next > best;
        blend(&best, &larger, next, &best);
    }
    if (n % LANES != 0 && n > LANES) {
        lanes next;
        load_tail(&next, x + n / LANES * LANES, n % LANES, -INFINITY);
        int_lanes larger = next > best;
        blend(&best, &larger, &next, &best);
    }
    float part[LANES];
    memcpy(part, &best, sizeof part);
    float result = part[0];
    for (int i = 1; i < LANES; i++) result = part[i] > result ? part[i] : result;
    return result;
}

/// y = e^(scale * (x - shift)); returns the sum. Lanes past the end of x count as nothing.
INLINE double exponentials(const float *x, float *y, long n, float scale, float shift) {
    double total = 0;
    for (long start = 0; start < n; start += RUN) {
        long end = start + RUN < n ? start + RUN : n;
        lanes sum = {0};
        long i = start;
        for (; i + LANES <= end; i += LANES) {
            lanes value = (*(const lanes *)(x + i) - shift) * scale;
            exp_lanes(&value);
            *(lanes *)(y + i) = value;
            sum += value;
        }
        if (i < end) {
            lanes value;
            load_tail(&value, x + i, end - i, -INFINITY);
            value = (value - shift) * scale;
            exp_lanes(&value);
            store_tail(y + i, &value, end - i);
            sum += value;
        }
        total += (double)sum_of_lanes(&sum);
    }
    return total;
}

DISPATCHED float kernel_softmax(const float *x, float *y, long n, float scale) {
    // Subtract the row's maximum: e^x overflows a float above 88.
    float shift = maximum(x, n);
    double total = exponentials(x, y, n, scale, shift);
    float inverse = (float)(1.0 / total);
    for (long i = 0; i < n; i++) y[i] *= inverse;
    return (float)((double)shift * (double)scale + natural_log(total));
}

DISPATCHED void kernel_softmax_backward(const float *y, const float *dy, float *dx, long n, float scale) {
    lanes parts = {0};
    long i = 0;
    for (; i + LANES <= n; i += LANES) parts += *(const lanes *)(y + i) * *(const lanes *)(dy + i);
    if (i < n) {
        lanes u, v;
        load_tail(&u, y + i, n - i, 0);
        load_tail(&v, dy + i, n - i, 0);
        parts += u * v;
    }
    float mean = sum_of_lanes(&parts);
    for (i = 0; i < n; i++) dx[i] += scale * y[i] * (dy[i] - mean);
}

DISPATCHED kernel_row_likelihood kernel_likelihood(const float *logits, long n) {
    float shift = maximum(logits, n);
    double total = 0, weighted = 0;
    for (long start = 0; start < n; start += RUN) {
        long end = start + RUN < n ? start + RUN : n;
        lanes sum = {0}, product = {0};
        for (long i = start; i < end; i += LANES) {
            lanes value, e;
            if (i + LANES <= end) value = *(const lanes *)(logits + i);
            else load_tail(&value, logits + i, end - i, -1e30f);
            value -= shift;
            e = value;
            exp_lanes(&e);
            sum += e;
            product += e * value;
        }
        total += (double)sum_of_lanes(&sum);
        weighted += (double)sum_of_lanes(&product);
    }
    double log_total = natural_log(total);
    kernel_row_likelihood result = {(double)shift + log_total, log_total - weighted / total, shift};
    return result;
}

DISPATCHED void kernel_likelihood_backward(float *logits, long n, double log_sum_exp, float factor) {
    // The shift is applied in two parts, so that its rounding to a float is not felt in the exponential.
    float shift = (float)log_sum_exp;
    float correction = factor * (float)(1.0 + (double)shift - log_sum_exp);
    long i = 0;
    for (; i + LANES <= n; i += LANES) {
        lanes value = *(const lanes *)(logits + i) - shift;
        exp_lanes(&value);
        *(lanes *)(logits + i) = value * correction;
    }
    if (i < n) {
        lanes value;
        load_tail(&value, logits + i, n - i, 0);
        value -= shift;
        exp_lanes(&value);
        value *= correction;
        store_tail(logits + i, &value, n - i);
    }
}
