#include "bfloat16.h"

#if defined(__x86_64__)
#include <stdatomic.h>

/// Independent sums, enough that no instruction waits for another's result.
enum { SUMS = 12, STEPS = 64 };

/// Cycles for as many products of pairs as `time_of_floats` computes.
BFLOAT16 static uint64_t time_of_pairs(void) {
    const __m512bh factor = (__m512bh)_mm512_set1_epi32(0x3f803f80);
    __m512 sum[SUMS];
    for (int i = 0; i < SUMS; i++) sum[i] = _mm512_setzero_ps();
    const uint64_t start = __rdtsc();
    for (int step = 0; step < STEPS; step++)
#pragma unroll
        for (int i = 0; i < SUMS; i++) {
            sum[i] = _mm512_dpbf16_ps(sum[i], factor, factor);
            // The compiler may not compute them beforehand.
            __asm__ volatile("" : "+v"(sum[i]));
        }
    // Not before all of them are done.
    _mm_lfence();
    return __rdtsc() - start;
}

BFLOAT16 static uint64_t time_of_floats(void) {
    const __m512 factor = _mm512_set1_ps(1);
    __m512 sum[SUMS];
    for (int i = 0; i < SUMS; i++) sum[i] = _mm512_setzero_ps();
    const uint64_t start = __rdtsc();
    for (int step = 0; step < 2 * STEPS; step++)
#pragma unroll
        for (int i = 0; i < SUMS; i++) {
            sum[i] = _mm512_fmadd_ps(factor, factor, sum[i]);
            __asm__ volatile("" : "+v"(sum[i]));
        }
    // Not before all of them are done.
    _mm_lfence();
    return __rdtsc() - start;
}

/// Multiply-adds spend some of their time on taking pairs apart.
static int measure(void) {
    enum { TRIALS = 16 };
    uint64_t pairs = UINT64_MAX, floats = UINT64_MAX;
    for (int trial = 0; trial < TRIALS; trial++) {
        // The least of several: another program may interrupt any of them.
        const uint64_t one = time_of_pairs(), other = time_of_floats();
        if (one < pairs) pairs = one;
        if (other < floats) floats = other;
    }
    return pairs <= floats + floats / 8;
}

int kernel_pairs_outrun_floats(void) {
    enum { UNKNOWN = -1 };
    static atomic_int known = UNKNOWN;
    if (!kernel_has_bfloat16()) return 0;
    int answer = atomic_load_explicit(&known, memory_order_relaxed);
    if (answer == UNKNOWN) {
        answer = measure();
        // The first answer holds for all threads.
        int expected = UNKNOWN;
        if (!atomic_compare_exchange_strong(&known, &expected, answer)) answer = expected;
    }
    return answer;
}
#else
int kernel_pairs_outrun_floats(void) { return 0; }
#endif
