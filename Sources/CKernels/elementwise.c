#include "lanes.h"

DISPATCHED void kernel_exp(const float *x, float *y, long n) {
    long whole = n / LANES * LANES;
    for (long i = 0; i < whole; i += LANES) {
        lanes value = *(const lanes *)(x + i);
        exp_lanes(&value);
        *(lanes *)(y + i) = value;
    }
    if (whole < n) {
        lanes value;
        load_tail(&value, x + whole, n - whole, 0);
        exp_lanes(&value);
        store_tail(y + whole, &value, n - whole);
    }
}

DISPATCHED void kernel_add(const float *restrict x, float *restrict y, long n) {
    for (long i = 0; i < n; i++) y[i] += x[i];
}
