#include "lanes.h"

INLINE void swiglu_lanes(const lanes *gate, const lanes *up, lanes *y) {
    lanes s = *gate;
    sigmoid_lanes(&s);
    *y = *gate * s * *up;
}

DISPATCHED void kernel_swiglu(const float *gate_up, float *y, long rows, long width) {
    for (long row = 0; row < rows; row++, gate_up += 2 * width, y += width) {
        const float *gate = gate_up, *up = gate_up + width;
        long i = 0;
        for (; i + LANES <= width; i += LANES)
            swiglu_lanes((const lanes *)(gate + i), (const lanes *)(up + i), (lanes *)(y + i));
        if (i < width) {
            lanes g, u, result;
            load_tail(&g, gate + i, width - i, 0);
            load_tail(&u, up + i, width - i, 0);
            swiglu_lanes(&g, &u, &result);
            store_tail(y + i, &result, width - i);
        }
    }
}

/// The derivative of silu(g) is s + g s (1 - s) with s = sigmoid(g).
INLINE void swiglu_backward_lanes(const lanes *gate, const lanes *up, const lanes *dy, lanes *d_gate, lanes *d_up) {
    lanes s = *gate;
    sigmoid_lanes(&s);
    lanes silu = *gate * s;
    *d_gate += *dy * *up * (s + silu * (1.0f - s));
    *d_up += *dy * silu;
}

DISPATCHED void kernel_swiglu_backward(const float *gate_up, const float *dy, float *d_gate_up, long rows, long width) {
    for (long row = 0; row < rows; row++, gate_up += 2 * width, d_gate_up += 2 * width, dy += width) {
        const float *gate = gate_up, *up = gate_up + width;
        float *d_gate = d_gate_up, *d_up = d_gate_up + width;
        long i = 0;
        for (; i + LANES <= width; i += LANES)
            swiglu_backward_lanes((const lanes *)(gate + i), (const lanes *)(up + i), (const lanes *)(dy + i),
                                  (lanes *)(d_gate + i), (lanes *)(d_up + i));
        if (i < width) {
            long rest = width - i;
            lanes g, u, d, dg, du;
            load_tail(&g, gate + i, rest, 0);
            load_tail(&u, up + i, rest, 0);
            load_tail(&d, dy + i, rest, 0);
            load_tail(&dg, d_gate + i, rest, 0);
            load_tail(&du, d_up + i, rest, 0);
            swiglu_backward_lanes(&g, &u, &d, &dg, &du);
            store_tail(d_gate + i, &dg, rest);
            store_tail(d_up + i, &du, rest);
        }
    }
}
