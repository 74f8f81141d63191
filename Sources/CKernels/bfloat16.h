#ifndef BFLOAT16_H
#define BFLOAT16_H

#include "lanes.h"

#include "CKernelsBFloat16.h"

typedef uint16_t half_lanes __attribute__((vector_size(32), aligned(2)));
typedef uint16_t double_half_lanes __attribute__((vector_size(64), aligned(2)));

/// The bits of each lane's nearest bfloat16, in the upper half of the word; the lower half is rubbish.
INLINE void round_lanes(const lanes *from, word_lanes *to) {
    word_lanes bits = (word_lanes)*from;
    const word_lanes size = bits & 0x7fffffffu;
    word_lanes rounded = bits + 0x7fffu + ((bits >> 16) & 1u);
    // A NaN stays one, and what the processor would take for zero is zero.
    const word_lanes is_nan = (word_lanes)(size > 0x7f800000u), is_tiny = (word_lanes)(size < 0x00800000u);
    rounded = (rounded & ~is_nan) | ((bits | 0x00400000u) & is_nan);
    *to = (rounded & ~is_tiny) | (bits & 0x80000000u & is_tiny);
}

/// `width` floats as pairs; the last is completed with a zero. `to` may be `from`.
INLINE void pair_up(const float *from, uint32_t *to, long width) {
    uint16_t *halves_of = (uint16_t *)to;
    long i = 0;
    word_lanes bits;
    for (; i + LANES <= width; i += LANES) {
        round_lanes((const lanes *)(from + i), &bits);
        const half_lanes halves = __builtin_convertvector(bits >> 16, half_lanes);
        memcpy(halves_of + i, &halves, sizeof halves);
    }
    if (i == width) return;
    lanes tail;
    load_tail(&tail, from + i, width - i, 0);
    round_lanes(&tail, &bits);
    // The zero that completes the last pair comes from the tail's fill.
    const half_lanes halves = __builtin_convertvector(bits >> 16, half_lanes);
    memcpy(halves_of + i, &halves, (size_t)(2 * kernel_pairs(width) - i) * sizeof *halves_of);
}

/// sum += the products of a pair with sixteen others, the later factors first.
INLINE void add_pairs(uint32_t pair, const word_lanes *others, lanes *sum) {
    // Factors of eight bits: their product is exact, so fusing it with the addition changes nothing while the product
    // itself is neither below 2^-126 nor too large for a number.
    const word_lanes left = (word_lanes){0} + pair;
    *sum += (lanes)(left & 0xffff0000u) * (lanes)(*others & 0xffff0000u);
    *sum += (lanes)(left << 16) * (lanes)(*others << 16);
}

#if defined(__x86_64__)
#include <immintrin.h>

#define BFLOAT16 __attribute__((target("arch=x86-64-v4,avx512bf16")))

/// From here on sums below 2^-126 count as zero, as the processor's instruction takes them, until the returned state is
/// given to `keep_small_sums`. The compiler does not know of it: the barriers keep it from moving what is computed from
/// memory, and written there, out of the two.
static inline unsigned drop_small_sums(void) {
    enum { FLUSH_RESULTS = 0x8000, FLUSH_OPERANDS = 0x0040 };
    const unsigned state = _mm_getcsr();
    _mm_setcsr(state | FLUSH_RESULTS | FLUSH_OPERANDS);
    __asm__ volatile("" ::: "memory");
    return state;
}

static inline void keep_small_sums(unsigned state) {
    __asm__ volatile("" ::: "memory");
    _mm_setcsr(state);
}

/// `pair_up` by the processor's own instruction.
BFLOAT16 static inline __attribute__((always_inline)) void pair_up_natively(const float *from, uint32_t *to, long width) {
    long i = 0;
    for (; i + 2 * LANES <= width; i += 2 * LANES) {
        const lanes first = *(const lanes *)(from + i), second = *(const lanes *)(from + i + LANES);
        *(word_lanes *)(to + i / 2) = (word_lanes)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first);
    }
    if (i < width) pair_up(from + i, to + i / 2, width - i);
}

/// `add_pairs` by the processor's own instruction.
BFLOAT16 static inline __attribute__((always_inline)) void add_pairs_natively(uint32_t pair, const word_lanes *others,
                                                                               lanes *sum) {
    *sum = (lanes)_mm512_dpbf16_ps((__m512)*sum, (__m512bh)_mm512_set1_epi32((int)pair), (__m512bh)*others);
}
#else
static inline unsigned drop_small_sums(void) { return 0; }
static inline void keep_small_sums(unsigned state) { (void)state; }
#endif

#endif
