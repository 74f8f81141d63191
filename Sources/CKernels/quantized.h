#ifndef QUANTIZED_H
#define QUANTIZED_H

#include "bfloat16.h"

#include "CKernelsQuantized.h"

// How weights of eight bits lie in memory.

enum { PANEL = kernel_panel_columns, BLOCK = kernel_block_depth, BLOCK_PAIRS = BLOCK / 2 };

/// What a panel holds of a block of the depth.
typedef struct {
    /// bfloat16.
    uint16_t scales[PANEL];
    /// Pairs, the earlier number first; the upper bit of a number is its sign. Their order is `place_of`.
    uint8_t pairs[BLOCK_PAIRS][2 * PANEL];
} block;

_Static_assert(sizeof(block) == kernel_block_bytes, "a block has gaps");

/// Where a column's numbers begin within a pair: in each 16 bytes four columns of one vector, then four of the next.
static inline long place_of(long column) {
    const long within = column % LANES;
    return column / (2 * LANES) * 4 * LANES + within / 4 * 16 + column / LANES % 2 * 8 + within % 4 * 2;
}

/// Numbers with signs apart, in the lowest bytes, as floats.
INLINE void signed_lanes(const word_lanes *numbers, lanes *values) {
    const lanes sizes = __builtin_convertvector((int_lanes)(*numbers & 0x7fu), lanes);
    *values = (lanes)((word_lanes)sizes | (*numbers & 0x80u) << 24);
}

/// The numbers of a pair and of vector `v` of its columns, as bfloat16.
INLINE void expand(const uint8_t *pair, int v, word_lanes *words) {
    const double_half_lanes all = *(const double_half_lanes *)(pair + v / 2 * 4 * LANES);
    const half_lanes of_even =
        __builtin_shufflevector(all, all, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
    const half_lanes of_odd =
        __builtin_shufflevector(all, all, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    const word_lanes both = __builtin_convertvector(v % 2 == 0 ? of_even : of_odd, word_lanes), next = both >> 8;
    lanes earlier, later;
    signed_lanes(&both, &earlier);
    signed_lanes(&next, &later);
    *words = ((word_lanes)earlier >> 16) | (word_lanes)later;
}

#endif
