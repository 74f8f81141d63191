#include "quantized.h"

// A number is made by a product and a sum, each rounded: fused, they would be rounded once, and give another.
#pragma STDC FP_CONTRACT OFF

/// 32 values as whole numbers times a scale.
typedef struct {
    int_lanes numbers[2];
    float scale;
} rounded_block;

/// The largest magnitude; what is no number stands above all.
INLINE float largest_of(const lanes *values) {
    // As whole numbers, magnitudes have the order of the floats.
    const word_lanes sizes = (word_lanes)values[0] & 0x7fffffffu, others = (word_lanes)values[1] & 0x7fffffffu;
    const uint32_t most = __builtin_reduce_max(__builtin_elementwise_max(sizes, others));
    float largest;
    memcpy(&largest, &most, sizeof largest);
    return largest;
}

/// `scale` is what the values are divided by; where it is below 2^-126 or no number, it is zero or stays none, and so
/// are the numbers.
INLINE void round_block(const lanes *values, float scale, rounded_block *to) {
    const float smallest = 0x1p-126f, infinite = __builtin_inff();
    if (!(scale >= smallest && scale < infinite)) {
        to->scale = scale < smallest ? 0 : __builtin_nanf("");
        to->numbers[0] = to->numbers[1] = (int_lanes){0};
        return;
    }
    to->scale = scale;
    // No magnitude is 127.5 scales or more. Adding 1.5 * 2^23 rounds to a whole number, ties to even, and leaves it in
    // the lowest bits.
    const float inverse = 1 / scale;
    for (int half = 0; half < 2; half++) {
        const lanes number = values[half] * inverse + 12582912.0f;
        to->numbers[half] = (int_lanes)number - 0x4b400000;
    }
}

/// 32 values from `from` on, of which `count` are there; the others are zero.
INLINE void load_block(const float *from, long count, lanes *values) {
    for (int half = 0; half < 2; half++) {
        const long left = count - half * LANES;
        if (left >= LANES) values[half] = *(const lanes *)(from + half * LANES);
        else if (left > 0) load_tail(&values[half], from + half * LANES, left, 0);
        else values[half] = (lanes){0};
    }
}

DISPATCHED void kernel_quantized_rows(const float *x, long x_row, kernel_quantized_block *y, long y_row, long rows,
                                      long depth) {
    typedef int8_t byte_lanes __attribute__((vector_size(16), aligned(1)));
    for (long row = 0; row < rows; row++)
        for (long k = 0; k < depth; k += BLOCK) {
            lanes values[2];
            load_block(x + row * x_row + k, depth - k, values);
            rounded_block rounded;
            round_block(values, largest_of(values) / 127.0f, &rounded);
            kernel_quantized_block *to = y + row * y_row + k / BLOCK;
            for (int half = 0; half < 2; half++)
                *(byte_lanes *)(to->numbers + half * LANES) =
                    __builtin_convertvector(rounded.numbers[half], byte_lanes);
            to->scale = rounded.scale;
            to->start = -RAISED * __builtin_reduce_add(rounded.numbers[0] + rounded.numbers[1]);
        }
}

static inline float of_bfloat16(uint16_t half) {
    const uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/// `scale` to the nearest bfloat16.
INLINE float rounded_scale(float scale) {
    const lanes step = (lanes){0} + scale;
    word_lanes bits;
    round_lanes(&step, &bits);
    return of_bfloat16((uint16_t)(bits[0] >> 16));
}

DISPATCHED void kernel_quantized_of_columns(const float *x, long x_row, uint8_t *quantized, long depth,
                                            long columns) {
    panel_block *to = (panel_block *)quantized;
    for (long first = 0; first < columns; first += PANEL)
        for (long k = 0; k < depth; k += BLOCK, to++) {
            memset(to->scales, 0, sizeof to->scales);
            memset(to->quads, RAISED, sizeof to->quads);
            for (long j = 0; j < smaller(PANEL, columns - first); j++) {
                lanes values[2];
                load_block(x + (first + j) * x_row + k, depth - k, values);
                rounded_block rounded;
                round_block(values, rounded_scale(largest_of(values) / 127.0f), &rounded);
                uint32_t bits;
                memcpy(&bits, &rounded.scale, sizeof bits);
                to->scales[j] = (uint16_t)(bits >> 16);
                for (int i = 0; i < BLOCK; i++)
                    to->quads[i / QUAD][j][i % QUAD] = (uint8_t)(rounded.numbers[i / LANES][i % LANES] + RAISED);
            }
        }
}

DISPATCHED void kernel_values_of_quantized(const uint8_t *quantized, float *y, long y_row, long depth, long columns) {
    const panel_block *from = (const panel_block *)quantized;
    for (long first = 0; first < columns; first += PANEL)
        for (long k = 0; k < depth; k += BLOCK, from++)
            for (long i = 0; i < smaller(BLOCK, depth - k); i++)
                for (long j = 0; j < smaller(PANEL, columns - first); j++) {
                    const int number = from->quads[i / QUAD][j][i % QUAD] - RAISED;
                    y[(first + j) * y_row + k + i] = of_bfloat16(from->scales[j]) * (float)number;
                }
}
