#include "lanes.h"

typedef uint64_t wide_lanes __attribute__((vector_size(128)));

/// Philox4x32-10 (Salmon et al. 2011) at sixteen counters from `counter` on: word w of lane l is words[w][l].
INLINE void philox_lanes(uint64_t key, uint64_t stream, uint64_t counter, word_lanes *words) {
    const word_lanes zero = {0}, index = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    // Counters begin at a multiple of sixteen, so no carry leaves the low word.
    word_lanes w0 = zero + (uint32_t)counter + index, w1 = zero + (uint32_t)(counter >> 32);
    word_lanes w2 = zero + (uint32_t)stream, w3 = zero + (uint32_t)(stream >> 32);
    uint32_t low = (uint32_t)key, high = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        wide_lanes first = __builtin_convertvector(w0, wide_lanes) * 0xD2511F53u;
        wide_lanes second = __builtin_convertvector(w2, wide_lanes) * 0xCD9E8D57u;
        w0 = __builtin_convertvector(second >> 32, word_lanes) ^ w1 ^ low;
        w2 = __builtin_convertvector(first >> 32, word_lanes) ^ w3 ^ high;
        w1 = __builtin_convertvector(second, word_lanes);
        w3 = __builtin_convertvector(first, word_lanes);
        low += 0x9E3779B9u;
        high += 0xBB67AE85u;
    }
    words[0] = w0;
    words[1] = w1;
    words[2] = w2;
    words[3] = w3;
}

INLINE void add_kept(const float *x, float *y, long first_row, long rows, long width, const kernel_dropout_site *site) {
    long blocks = (width + 63) / 64;
    for (long row = 0; row < rows; row++, x += width, y += width) {
        for (long block = 0; block < blocks; block++) {
            word_lanes words[4];
            philox_lanes(site->key, site->stream, (uint64_t)((first_row + row) * blocks + block) * LANES, words);
            for (int part = 0; part < 4; part++) {
                long column = block * 64 + part * LANES;
                if (column >= width) break;
                int_lanes kept = words[part] >= site->threshold;
                if (column + LANES <= width) {
                    lanes value = *(const lanes *)(x + column) * site->scale;
                    *(lanes *)(y + column) += (lanes)(kept & (int_lanes)value);
                } else {
                    lanes value, sum;
                    load_tail(&value, x + column, width - column, 0);
                    load_tail(&sum, y + column, width - column, 0);
                    value *= site->scale;
                    sum += (lanes)(kept & (int_lanes)value);
                    store_tail(y + column, &sum, width - column);
                }
            }
        }
    }
}

DISPATCHED void kernel_dropout_add(const float *x, float *y, long first_row, long rows, long width,
                                   kernel_dropout_site site) {
    add_kept(x, y, first_row, rows, width, &site);
}

DISPATCHED void kernel_dropout_add_backward(const float *dy, float *dx, long first_row, long rows, long width,
                                            kernel_dropout_site site) {
    add_kept(dy, dx, first_row, rows, width, &site);
}
