#include "lanes.h"


DISPATCHED float kernel_largest(const float *x, long n, long *index) {
    enum { STRIP = 256 };
    // Strips are compared as wholes and the winner searched, so that the common path is free of branches.
    float best = x[0];
    long strip = 0;
    for (long first = 0; first < n; first += STRIP) {
        const long end = smaller(first + STRIP, n);
        float part[LANES];
        for (int lane = 0; lane < LANES; lane++) part[lane] = x[first];
        long i = first;
        for (; i + LANES <= end; i += LANES)
            for (int lane = 0; lane < LANES; lane++) part[lane] = x[i + lane] > part[lane] ? x[i + lane] : part[lane];
        float largest = part[0];
        for (int lane = 1; lane < LANES; lane++) largest = part[lane] > largest ? part[lane] : largest;
        for (; i < end; i++) largest = x[i] > largest ? x[i] : largest;
        if (largest > best) {
            best = largest;
            strip = first;
        }
    }
    *index = strip;
    while (*index < n - 1 && x[*index] != best) ++*index;
    return best;
}

DISPATCHED double kernel_token_weights(const float *logits, float *weights, long n, float largest, float temperature) {
    double sum[LANES] = {0};
    for (long i = 0; i < n; i += LANES) {
        lanes value;
        if (i + LANES <= n) value = *(const lanes *)(logits + i);
        else load_tail(&value, logits + i, n - i, -__builtin_inff());
        value = (value - largest) / temperature;
        exp_lanes(&value);
        for (int lane = 0; lane < LANES; lane++) sum[lane] += (double)value[lane];
        if (!weights) continue;
        if (i + LANES <= n) *(lanes *)(weights + i) = value;
        else store_tail(weights + i, &value, n - i);
    }
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int lane = 0; lane < width; lane++) sum[lane] += sum[lane + width];
    return sum[0];
}

DISPATCHED long kernel_at_least(const float *weights, long n, float threshold, int32_t *indices) {
    enum { STRIP = 64 };
    long count = 0;
    for (long first = 0; first < n; first += STRIP) {
        const long end = smaller(first + STRIP, n);
        // Most strips hold none: one look at the whole strip decides.
        int any = 0;
        for (long i = first; i < end; i++) any |= weights[i] >= threshold;
        if (!any) continue;
        for (long i = first; i < end; i++)
            if (weights[i] >= threshold) indices[count++] = (int32_t)i;
    }
    return count;
}
