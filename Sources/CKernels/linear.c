#include "lanes.h"

// Weights are read as they lie, along `width`, so a product needs no packed copy of them: packing costs more than the
// arithmetic when there are few rows, as in decoding. A tile of ROWS x OUTPUTS sums fills the vector registers; its
// weights stay in the first cache while all rows pass by, and the next tile's weights are fetched meanwhile.

enum { MOST_ROWS = 4, MOST_OUTPUTS = 6, MOST_SUMS = 32 };

/// Two vectors of partial sums are folded into one: its lanes are sums of two lanes of `a`, then of `b`, in runs. The
/// runs are those for which the CPU has a shuffle.
#define FOLD(name, these, those)                                                                          \
    INLINE void name(const lanes *a, const lanes *b, lanes *result) {                                     \
        *result = __builtin_shufflevector(*a, *b, LIST these) + __builtin_shufflevector(*a, *b, LIST those); \
    }
#define LIST(...) __VA_ARGS__
FOLD(fold_eights, (0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
     (8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
FOLD(fold_fours, (0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27),
     (4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31))
FOLD(fold_twos, (0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),
     (2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))
FOLD(fold_ones, (0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30),
     (1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31))

/// Lane i of `result` is the sum of all lanes of sums[i], added in the order of `sum_of_lanes`. Pairs are chosen so that
/// the runs of the folds leave lane i in place i.
INLINE void sums_of_lanes(const lanes *sums, lanes *result) {
    lanes eights[8], fours[4], twos[2];
#pragma unroll
    for (int i = 0; i < 8; i++) {
        const int first = i < 4 ? i : i + 4;
        fold_eights(&sums[first], &sums[first + 4], &eights[i]);
    }
#pragma unroll
    for (int i = 0; i < 4; i++) fold_fours(&eights[i], &eights[i + 4], &fours[i]);
#pragma unroll
    for (int i = 0; i < 2; i++) fold_twos(&fours[2 * i], &fours[2 * i + 1], &twos[i]);
    fold_ones(&twos[0], &twos[1], result);
}

/// One tile: `rows` x `outputs` elements, of which the first `stored` outputs are kept. `fetched` rows of weights from
/// `ahead` are brought nearer. `rows` and `outputs` are constants where this is inlined.
INLINE void tile(const int rows, const int outputs, const float *x, const float *const *w, float *y, long width,
                 long y_stride, long stored, const float *ahead, long fetched) {
    lanes sum[MOST_SUMS];
#pragma unroll
    for (int i = 0; i < MOST_SUMS; i++) sum[i] = (lanes){0};
    long k = 0;
    for (; k + LANES <= width; k += LANES) {
        for (long p = 0; p < fetched; p++) __builtin_prefetch(ahead + p * width + k, 0, 2);
        lanes weight[MOST_OUTPUTS];
#pragma unroll
        for (int n = 0; n < outputs; n++) weight[n] = *(const lanes *)(w[n] + k);
#pragma unroll
        for (int r = 0; r < rows; r++) {
            const lanes value = *(const lanes *)(x + r * width + k);
#pragma unroll
            for (int n = 0; n < outputs; n++) sum[r * outputs + n] = value * weight[n] + sum[r * outputs + n];
        }
    }
    if (k < width) {
#pragma unroll
        for (int r = 0; r < rows; r++) {
            lanes value, weight;
            load_tail(&value, x + r * width + k, width - k, 0);
#pragma unroll
            for (int n = 0; n < outputs; n++) {
                load_tail(&weight, w[n] + k, width - k, 0);
                sum[r * outputs + n] = value * weight + sum[r * outputs + n];
            }
        }
    }
    float result[MOST_SUMS];
#pragma unroll
    for (int i = 0; i < rows * outputs; i += LANES) sums_of_lanes(sum + i, (lanes *)(result + i));
    if (stored == outputs) {
#pragma unroll
        for (int r = 0; r < rows; r++) memcpy(y + r * y_stride, result + r * outputs, (size_t)outputs * sizeof(float));
    } else {
        for (int r = 0; r < rows; r++)
            for (long n = 0; n < stored; n++) y[r * y_stride + n] = result[r * outputs + n];
    }
}

/// All tiles of a product, every row of a few weights before the next weights.
INLINE void product(const int tile_rows, const int tile_outputs, const float *x, const float *w, float *y, long rows,
                    long width, long outputs, long y_stride) {
    if (rows == 0) return;
    const long tiles = (rows + tile_rows - 1) / tile_rows;
    // Fetching the next weights is spread over the tiles that use these.
    const long share = (tile_outputs + tiles - 1) / tiles;
    for (long n = 0; n < outputs; n += tile_outputs) {
        const long stored = smaller(tile_outputs, outputs - n);
        const long next = smaller(tile_outputs, outputs - n - stored);
        const float *weights[MOST_OUTPUTS];
        // A narrow tile repeats its last output; what it computes there is not stored.
        for (int i = 0; i < tile_outputs; i++) weights[i] = w + (n + smaller(i, stored - 1)) * width;
        for (long m = 0, fetched = 0; m < rows; m += tile_rows) {
            const long fetch = smaller(share, next - fetched);
            const float *input = x + m * width, *ahead = w + (n + stored + fetched) * width;
            float *output = y + m * y_stride + n;
            switch (smaller(tile_rows, rows - m)) {
#define TILE(r) \
    case r: tile(r, tile_outputs, input, weights, output, width, y_stride, stored, ahead, fetch); break;
                TILE(1) TILE(2) TILE(3) TILE(4)
            }
            fetched += fetch;
        }
    }
}

#if defined(__x86_64__)
__attribute__((target("arch=x86-64-v4"))) static void product_wide(const float *x, const float *w, float *y, long rows,
                                                                   long width, long outputs, long y_stride) {
    product(4, 6, x, w, y, rows, width, outputs, y_stride);
}
#endif

/// For 16 registers of half the width, or a quarter.
DISPATCHED static void product_narrow(const float *x, const float *w, float *y, long rows, long width, long outputs,
                                      long y_stride) {
    product(2, 3, x, w, y, rows, width, outputs, y_stride);
}

void kernel_linear(const float *x, const float *w, float *y, long rows, long width, long outputs, long y_stride) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("x86-64-v4")) return product_wide(x, w, y, rows, width, outputs, y_stride);
#endif
    product_narrow(x, w, y, rows, width, outputs, y_stride);
}
