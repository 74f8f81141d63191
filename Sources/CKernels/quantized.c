#include "quantized.h"

/// The numbers, signs apart, and the scale of 32 values.
INLINE void quantize(const lanes *values, uint8_t *numbers, uint16_t *scale) {
    // As whole numbers, magnitudes have the order of the floats, and what is no number stands above all.
    uint32_t sizes[BLOCK], most = 0;
    for (int half = 0; half < 2; half++) {
        const word_lanes size = (word_lanes)values[half] & 0x7fffffffu;
        memcpy(sizes + half * LANES, &size, sizeof size);
    }
    for (int i = 0; i < BLOCK; i++) most = sizes[i] > most ? sizes[i] : most;
    const lanes step = (lanes)((word_lanes){0} + most) / 127.0f;
    word_lanes bits;
    round_lanes(&step, &bits);
    bits &= 0xffff0000u;
    const int is_finite = most < 0x7f800000u;
    *scale = is_finite ? (uint16_t)(bits[0] >> 16) : 0x7fc0;
    memset(numbers, 0, BLOCK);
    if (!is_finite || *scale == 0) return;
    for (int half = 0; half < 2; half++) {
        const word_lanes sign = (word_lanes)values[half] & 0x80000000u;
        // The largest is less than 127.5 scales. Adding 2^23 rounds to a whole number, ties to even, and leaves it in
        // the lowest bits.
        const lanes size = (lanes)((word_lanes)values[half] & 0x7fffffffu) / (lanes)bits;
        const word_lanes number = ((word_lanes)(size + 8388608.0f) & 0x7fu) | sign >> 24;
        // Zero has no sign.
        for (int i = 0; i < LANES; i++) numbers[half * LANES + i] = number[i] & 0x7fu ? (uint8_t)number[i] : 0;
    }
}

DISPATCHED void kernel_quantized_of_columns(const float *x, long x_row, uint8_t *quantized, long depth,
                                            long columns) {
    block *to = (block *)quantized;
    for (long first = 0; first < columns; first += PANEL)
        for (long k = 0; k < depth; k += BLOCK, to++) {
            memset(to, 0, sizeof *to);
            for (long j = 0; j < smaller(PANEL, columns - first); j++) {
                const float *from = x + (first + j) * x_row + k;
                lanes values[2] = {{0}, {0}};
                for (int half = 0; half < 2; half++, from += LANES) {
                    const long left = depth - k - half * LANES;
                    if (left >= LANES) values[half] = *(const lanes *)from;
                    else if (left > 0) load_tail(&values[half], from, left, 0);
                }
                uint8_t numbers[BLOCK];
                quantize(values, numbers, &to->scales[j]);
                for (int i = 0; i < BLOCK; i++) to->pairs[i / 2][place_of(j) + i % 2] = numbers[i];
            }
        }
}

DISPATCHED void kernel_values_of_quantized(const uint8_t *quantized, float *y, long y_row, long depth, long columns) {
    const block *from = (const block *)quantized;
    for (long first = 0; first < columns; first += PANEL)
        for (long k = 0; k < depth; k += BLOCK, from++)
            for (long i = 0; i < smaller(BLOCK, depth - k); i++)
                for (long j = 0; j < smaller(PANEL, columns - first); j++) {
                    const uint8_t number = from->pairs[i / 2][place_of(j) + i % 2];
                    const uint32_t bits = (uint32_t)from->scales[j] << 16;
                    float scale;
                    memcpy(&scale, &bits, sizeof scale);
                    y[(first + j) * y_row + k + i] = scale * (float)(number & 0x80 ? -(number & 0x7f) : number);
                }
}
