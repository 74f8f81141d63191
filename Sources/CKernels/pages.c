#include "bfloat16.h"

enum {
    PAGE = kernel_page_positions,
    /// Queries computed together, so that one load of keys or values serves all of them.
    QUERIES = 6,
    /// Pages of keys, or runs of values, computed together: 6 x 4 sums fill 24 of 32 vector registers.
    RUNS = 4,
};

static inline long round_up(long n) { return (n + LANES - 1) / LANES * LANES; }

long kernel_page_block(long head_size) { return PAGE * head_size + PAGE * round_up(head_size); }

void kernel_page_store(const float *keys, const float *values, void *blocks, long slot, long heads, long head_size) {
    const long block = kernel_page_block(head_size), stride = round_up(head_size);
    for (long head = 0; head < heads; head++) {
        float *key = (float *)blocks + head * block, *value = key + PAGE * head_size + slot * stride;
        for (long d = 0; d < head_size; d++) key[d * PAGE + slot] = keys[head * head_size + d];
        memcpy(value, values + head * head_size, (size_t)head_size * sizeof(float));
    }
}

long kernel_page_block_bfloat16(long head_size) {
    return PAGE * kernel_pairs(head_size) + PAGE / 2 * round_up(head_size);
}

DISPATCHED void kernel_page_store_bfloat16(const float *keys, const float *values, void *blocks, long slot, long heads,
                                           long head_size) {
    const long block = kernel_page_block_bfloat16(head_size), stride = round_up(head_size);
    const long pairs = kernel_pairs(head_size);
    for (long head = 0; head < heads; head++) {
        uint32_t *key = (uint32_t *)blocks + head * block;
        uint16_t *value = (uint16_t *)(key + PAGE * pairs + slot / 2 * stride);
        for (long d = 0; d < head_size; d += LANES) {
            const long count = smaller(LANES, head_size - d);
            uint32_t words[LANES] = {0};
            uint16_t halves[LANES];
            pair_up(keys + head * head_size + d, words, count);
            for (long i = 0; i < kernel_pairs(count); i++) key[(d / 2 + i) * PAGE + slot] = words[i];
            // Two positions make the pairs of values. Each writes its own half: another thread may write the other.
            uint32_t packed[LANES] = {0};
            pair_up(values + head * head_size + d, packed, count);
            memcpy(halves, packed, sizeof halves);
            for (long i = 0; i < count; i++) value[2 * (d + i) + slot % 2] = halves[i];
        }
    }
}

long kernel_page_attention_scratch(long positions, long head_size) {
    return QUERIES * (round_up(positions) + round_up(head_size));
}

#define NAME(function) function##_single
#define TARGET INLINE
#define unit float
#define unit_lanes lanes
#define DEPTH 1
#define ADD(left, right, sum) (*(sum) = (left) * *(right) + *(sum))
#define UNITS(from, to, count) \
    do { if ((from) != (to)) memcpy((to), (from), (size_t)(count) * sizeof(float)); } while (0)
#define FIRST_ONLY(vector) (void)(vector)
#include "page_attention.h"

#define NAME(function) function##_plain
#define TARGET INLINE
#define unit uint32_t
#define unit_lanes word_lanes
#define DEPTH 2
#define ADD add_pairs
#define UNITS(from, to, count) pair_up((from), (uint32_t *)(to), (count))
#define FIRST_ONLY(vector) ((vector) &= 0xffffu)
#include "page_attention.h"

DISPATCHED void kernel_page_attention(const float *queries, long query_stride, float *output, long output_stride,
                                      long rows, long group, long first, const void *const *pages, long offset,
                                      long head_size, float scale, float *scratch) {
    attend_single(queries, query_stride, output, output_stride, rows, group, first, pages, offset, head_size, scale,
                  scratch);
}

DISPATCHED static void plain_attention(const float *queries, long query_stride, float *output, long output_stride,
                                       long rows, long group, long first, const void *const *pages, long offset,
                                       long head_size, float scale, float *scratch) {
    attend_plain(queries, query_stride, output, output_stride, rows, group, first, pages, offset, head_size, scale,
                 scratch);
}

void kernel_page_attention_bfloat16_plain(const float *queries, long query_stride, float *output, long output_stride,
                                          long rows, long group, long first, const void *const *pages, long offset,
                                          long head_size, float scale, float *scratch) {
    const unsigned state = drop_small_sums();
    plain_attention(queries, query_stride, output, output_stride, rows, group, first, pages, offset, head_size, scale,
                    scratch);
    keep_small_sums(state);
}

#if defined(__x86_64__)
#define NAME(function) function##_native
#define TARGET BFLOAT16 static inline __attribute__((always_inline))
#define unit uint32_t
#define unit_lanes word_lanes
#define DEPTH 2
#define ADD add_pairs_natively
#define UNITS(from, to, count) pair_up_natively((from), (uint32_t *)(to), (count))
#define FIRST_ONLY(vector) ((vector) &= 0xffffu)
#include "page_attention.h"

BFLOAT16 static void native_attention(const float *queries, long query_stride, float *output, long output_stride,
                                      long rows, long group, long first, const void *const *pages, long offset,
                                      long head_size, float scale, float *scratch) {
    attend_native(queries, query_stride, output, output_stride, rows, group, first, pages, offset, head_size, scale,
                  scratch);
}
#endif

void kernel_page_attention_bfloat16_native(const float *queries, long query_stride, float *output, long output_stride,
                                           long rows, long group, long first, const void *const *pages, long offset,
                                           long head_size, float scale, float *scratch) {
#if defined(__x86_64__)
    if (kernel_has_bfloat16()) {
        // The instruction does so anyway; softmax, which stands between its uses, shall too.
        const unsigned state = drop_small_sums();
        native_attention(queries, query_stride, output, output_stride, rows, group, first, pages, offset, head_size,
                         scale, scratch);
        return keep_small_sums(state);
    }
#endif
    kernel_page_attention_bfloat16_plain(queries, query_stride, output, output_stride, rows, group, first, pages,
                                         offset, head_size, scale, scratch);
}

void kernel_page_attention_bfloat16(const float *queries, long query_stride, float *output, long output_stride,
                                    long rows, long group, long first, const void *const *pages, long offset,
                                    long head_size, float scale, float *scratch) {
    (kernel_pairs_outrun_floats() ? kernel_page_attention_bfloat16_native : kernel_page_attention_bfloat16_plain)(
        queries, query_stride, output, output_stride, rows, group, first, pages, offset, head_size, scale, scratch);
}
