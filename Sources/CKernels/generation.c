#include "lanes.h"

enum {
    PAGE = kernel_page_positions,
    /// Queries computed together, so that one load of keys or values serves all of them.
    QUERIES = 6,
    /// Pages of keys, or runs of values, computed together: 6 x 4 sums fill 24 of 32 vector registers.
    RUNS = 4,
};

static inline long round_up(long n) { return (n + LANES - 1) / LANES * LANES; }
static inline long smaller(long a, long b) { return a < b ? a : b; }

long kernel_page_block(long head_size) { return PAGE * head_size + PAGE * round_up(head_size); }

void kernel_page_store(const float *keys, const float *values, float *blocks, long slot, long heads, long head_size) {
    const long block = kernel_page_block(head_size), stride = round_up(head_size);
    for (long head = 0; head < heads; head++) {
        float *key = blocks + head * block, *value = key + PAGE * head_size + slot * stride;
        for (long d = 0; d < head_size; d++) key[d * PAGE + slot] = keys[head * head_size + d];
        memcpy(value, values + head * head_size, (size_t)head_size * sizeof(float));
    }
}

long kernel_page_attention_scratch(long positions) { return QUERIES * round_up(positions); }

/// Scores of `count` queries against all positions of `page_count` pages: a score is one chain of multiply-adds over
/// the dimensions, in order. `count` is a constant where this is inlined.
INLINE void score_pages(const int count, const float *const *queries, const float *const *pages, long offset,
                        long page_count, long head_size, float *scores, long score_stride) {
    for (long first = 0; first < page_count; first += RUNS) {
        const float *keys[RUNS];
        // A short group repeats its last page; what it computes there is not stored.
        for (int p = 0; p < RUNS; p++) keys[p] = pages[smaller(first + p, page_count - 1)] + offset;
        lanes sum[QUERIES][RUNS];
#pragma unroll
        for (int q = 0; q < count; q++)
#pragma unroll
            for (int p = 0; p < RUNS; p++) sum[q][p] = (lanes){0};
        for (long d = 0; d < head_size; d++) {
            lanes key[RUNS];
#pragma unroll
            for (int p = 0; p < RUNS; p++) key[p] = *(const lanes *)(keys[p] + d * PAGE);
#pragma unroll
            for (int q = 0; q < count; q++)
#pragma unroll
                for (int p = 0; p < RUNS; p++) sum[q][p] = queries[q][d] * key[p] + sum[q][p];
        }
        const long stored = smaller(RUNS, page_count - first);
#pragma unroll
        for (int q = 0; q < count; q++)
#pragma unroll
            for (int p = 0; p < RUNS; p++)
                if (p < stored) *(lanes *)(scores + q * score_stride + (first + p) * PAGE) = sum[q][p];
    }
}

/// outputs = the sum over positions, in order, of weight times value, for `count` queries. Weights of positions that a
/// query does not see are 0. `count` is a constant where this is inlined.
INLINE void sum_values(const int count, const float *weights, long weight_stride, const float *const *pages,
                       long offset, long positions, long head_size, float *const *outputs) {
    const long stride = round_up(head_size);
    for (long d = 0; d < head_size; d += RUNS * LANES) {
        // A short group repeats its last run; what it computes there is not stored.
        long place[RUNS];
        for (int v = 0; v < RUNS; v++) place[v] = smaller(d + v * LANES, stride - LANES);
        lanes sum[QUERIES][RUNS];
#pragma unroll
        for (int q = 0; q < count; q++)
#pragma unroll
            for (int v = 0; v < RUNS; v++) sum[q][v] = (lanes){0};
        for (long first = 0; first < positions; first += PAGE) {
            const float *values = pages[first / PAGE] + offset + PAGE * head_size;
            const long end = smaller(PAGE, positions - first);
            for (long t = 0; t < end; t++) {
                lanes value[RUNS];
#pragma unroll
                for (int v = 0; v < RUNS; v++) value[v] = *(const lanes *)(values + t * stride + place[v]);
#pragma unroll
                for (int q = 0; q < count; q++)
#pragma unroll
                    for (int v = 0; v < RUNS; v++)
                        sum[q][v] = weights[q * weight_stride + first + t] * value[v] + sum[q][v];
            }
        }
#pragma unroll
        for (int q = 0; q < count; q++)
#pragma unroll
            for (int v = 0; v < RUNS; v++) {
                const long left = head_size - d - v * LANES;
                if (left >= LANES) *(lanes *)(outputs[q] + d + v * LANES) = sum[q][v];
                else if (left > 0) store_tail(outputs[q] + d + v * LANES, &sum[q][v], left);
            }
    }
}

DISPATCHED void kernel_page_attention(const float *queries, long query_stride, float *output, long output_stride,
                                      long rows, long group, long first, const float *const *pages, long offset,
                                      long head_size, float scale, float *scratch) {
    const long total = rows * group;
    for (long start = 0; start < total; start += QUERIES) {
        const int count = (int)smaller(QUERIES, total - start);
        const float *query[QUERIES];
        float *result[QUERIES];
        long seen[QUERIES];
        for (int q = 0; q < count; q++) {
            const long row = (start + q) / group, head = (start + q) % group;
            query[q] = queries + row * query_stride + head * head_size;
            result[q] = output + row * output_stride + head * head_size;
            seen[q] = first + row + 1;
        }
        // Later queries see more, so the last one says how far this group reaches.
        const long positions = seen[count - 1], page_count = (positions + PAGE - 1) / PAGE;
        const long stride = page_count * PAGE;
        switch (count) {
#define SCORE(n) \
    case n: score_pages(n, query, pages, offset, page_count, head_size, scratch, stride); break;
            SCORE(1) SCORE(2) SCORE(3) SCORE(4) SCORE(5) SCORE(6)
        }
        for (int q = 0; q < count; q++) {
            float *scores = scratch + q * stride;
            kernel_softmax(scores, scores, seen[q], scale);
            memset(scores + seen[q], 0, (size_t)(positions - seen[q]) * sizeof(float));
        }
        switch (count) {
#define SUM(n) \
    case n: sum_values(n, scratch, stride, pages, offset, positions, head_size, result); break;
            SUM(1) SUM(2) SUM(3) SUM(4) SUM(5) SUM(6)
        }
    }
}

DISPATCHED float kernel_largest(const float *x, long n, long *index) {
    enum { STRIP = 256 };
    // Strips are compared as wholes and the winner searched, so that the common path is free of branches.
    float best = x[0];
    long strip = 0;
    for (long first = 0; first < n; first += STRIP) {
        const long end = smaller(first + STRIP, n);
        float part[LANES];
        for (int lane = 0; lane < LANES; lane++) part[lane] = x[first];
        long i = first;
        for (; i + LANES <= end; i += LANES)
            for (int lane = 0; lane < LANES; lane++) part[lane] = x[i + lane] > part[lane] ? x[i + lane] : part[lane];
        float largest = part[0];
        for (int lane = 1; lane < LANES; lane++) largest = part[lane] > largest ? part[lane] : largest;
        for (; i < end; i++) largest = x[i] > largest ? x[i] : largest;
        if (largest > best) {
            best = largest;
            strip = first;
        }
    }
    *index = strip;
    while (*index < n - 1 && x[*index] != best) ++*index;
    return best;
}

DISPATCHED double kernel_token_weights(const float *logits, float *weights, long n, float largest, float temperature) {
    double sum[LANES] = {0};
    for (long i = 0; i < n; i += LANES) {
        lanes value;
        if (i + LANES <= n) value = *(const lanes *)(logits + i);
        else load_tail(&value, logits + i, n - i, -__builtin_inff());
        value = (value - largest) / temperature;
        exp_lanes(&value);
        for (int lane = 0; lane < LANES; lane++) sum[lane] += (double)value[lane];
        if (!weights) continue;
        if (i + LANES <= n) *(lanes *)(weights + i) = value;
        else store_tail(weights + i, &value, n - i);
    }
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int lane = 0; lane < width; lane++) sum[lane] += sum[lane + width];
    return sum[0];
}

DISPATCHED long kernel_at_least(const float *weights, long n, float threshold, int32_t *indices) {
    enum { STRIP = 64 };
    long count = 0;
    for (long first = 0; first < n; first += STRIP) {
        const long end = smaller(first + STRIP, n);
        // Most strips hold none: one look at the whole strip decides.
        int any = 0;
        for (long i = first; i < end; i++) any |= weights[i] >= threshold;
        if (!any) continue;
        for (long i = first; i < end; i++)
            if (weights[i] >= threshold) indices[count++] = (int32_t)i;
    }
    return count;
}
