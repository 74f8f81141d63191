// Attention over pages, for one way of multiplying. The file that includes this one defines
//   NAME(function)            the name that a function here gets
//   TARGET                    what stands before functions that multiply so: they are inlined
//   unit, unit_lanes          what a number is held in, or two of them along a sum; sixteen of those
//   DEPTH                     numbers in a unit
//   ADD(left, right, sum)     *sum += the unit `left` times each of the sixteen at `right`
//   UNITS(from, to, count)    makes units of `count` floats, in place if asked
//   FIRST_ONLY(vector)        clears the second number of each of sixteen units

/// Scores of `count` queries against all positions of `page_count` pages: a score is one chain of sums over the
/// dimensions, in one order. `count` is a constant where this is inlined.
TARGET void NAME(score_pages)(const int count, const unit *const *queries, const void *const *pages, long offset,
                                long page_count, long depth, float *scores, long score_stride) {
    for (long first = 0; first < page_count; first += RUNS) {
        const unit *keys[RUNS];
        // A short group repeats its last page; what it computes there is not stored.
        for (int p = 0; p < RUNS; p++) keys[p] = (const unit *)pages[smaller(first + p, page_count - 1)] + offset;
        lanes sum[QUERIES][RUNS];
#pragma unroll
        for (int q = 0; q < count; q++)
#pragma unroll
            for (int p = 0; p < RUNS; p++) sum[q][p] = (lanes){0};
        for (long d = 0; d < depth; d++) {
            unit_lanes key[RUNS];
#pragma unroll
            for (int p = 0; p < RUNS; p++) key[p] = *(const unit_lanes *)(keys[p] + d * PAGE);
#pragma unroll
            for (int q = 0; q < count; q++)
#pragma unroll
                for (int p = 0; p < RUNS; p++) ADD(queries[q][d], &key[p], &sum[q][p]);
        }
        const long stored = smaller(RUNS, page_count - first);
#pragma unroll
        for (int q = 0; q < count; q++)
#pragma unroll
            for (int p = 0; p < RUNS; p++)
                if (p < stored) *(lanes *)(scores + q * score_stride + (first + p) * PAGE) = sum[q][p];
    }
}

/// outputs = the sum over positions, in one order, of weight times value, for `count` queries. Weights of positions that a
/// query does not see are 0. `count` is a constant where this is inlined.
TARGET void NAME(sum_values)(const int count, const unit *weights, long weight_stride, const void *const *pages,
                               long offset, long positions, long head_size, float *const *outputs) {
    const long stride = round_up(head_size);
    const long units = (positions + DEPTH - 1) / DEPTH;
    enum { PAGE_UNITS = PAGE / DEPTH };
    for (long d = 0; d < head_size; d += RUNS * LANES) {
        // A short group repeats its last run; what it computes there is not stored.
        long place[RUNS];
        for (int v = 0; v < RUNS; v++) place[v] = smaller(d + v * LANES, stride - LANES);
        lanes sum[QUERIES][RUNS];
#pragma unroll
        for (int q = 0; q < count; q++)
#pragma unroll
            for (int v = 0; v < RUNS; v++) sum[q][v] = (lanes){0};
        for (long first = 0; first < units; first += PAGE_UNITS) {
            const unit *values = (const unit *)pages[first / PAGE_UNITS] + offset;
            const long end = smaller(PAGE_UNITS, units - first);
            for (long t = 0; t < end; t++) {
                unit_lanes value[RUNS];
#pragma unroll
                for (int v = 0; v < RUNS; v++) value[v] = *(const unit_lanes *)(values + t * stride + place[v]);
                // Behind the last position stands what an earlier owner of the page left, which may be no number.
                if ((first + t + 1) * DEPTH > positions)
#pragma unroll
                    for (int v = 0; v < RUNS; v++) FIRST_ONLY(value[v]);
#pragma unroll
                for (int q = 0; q < count; q++)
#pragma unroll
                    for (int v = 0; v < RUNS; v++)
                        ADD(weights[q * weight_stride + first + t], &value[v], &sum[q][v]);
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

TARGET void NAME(attend)(const float *queries, long query_stride, float *output, long output_stride, long rows,
                                long group, long first, const void *const *pages, long offset, long head_size,
                                float scale, float *scratch) {
    const long total = rows * group, depth = (head_size + DEPTH - 1) / DEPTH, row_units = round_up(head_size);
    float *const scores = scratch + QUERIES * row_units;
    for (long start = 0; start < total; start += QUERIES) {
        const int count = (int)smaller(QUERIES, total - start);
        const unit *query[QUERIES];
        float *result[QUERIES];
        long seen[QUERIES];
        for (int q = 0; q < count; q++) {
            const long row = (start + q) / group, head = (start + q) % group;
            UNITS(queries + row * query_stride + head * head_size, scratch + q * row_units, head_size);
            query[q] = (const unit *)(scratch + q * row_units);
            result[q] = output + row * output_stride + head * head_size;
            seen[q] = first + row + 1;
        }
        // Later queries see more, so the last one says how far this group reaches.
        const long positions = seen[count - 1], page_count = (positions + PAGE - 1) / PAGE;
        const long stride = page_count * PAGE;
        switch (count) {
#define SCORE(n) \
    case n: NAME(score_pages)(n, query, pages, offset, page_count, depth, scores, stride); break;
            SCORE(1) SCORE(2) SCORE(3) SCORE(4) SCORE(5) SCORE(6)
#undef SCORE
        }
        for (int q = 0; q < count; q++) {
            float *weights = scores + q * stride;
            kernel_softmax(weights, weights, seen[q], scale);
            memset(weights + seen[q], 0, (size_t)(stride - seen[q]) * sizeof(float));
            UNITS(weights, weights, stride);
        }
        switch (count) {
#define SUM(n)                                                                                             \
    case n:                                                                                                \
        NAME(sum_values)(n, (const unit *)scores, stride, pages, offset + PAGE * depth, positions, head_size, \
                         result);                                                                          \
        break;
            SUM(1) SUM(2) SUM(3) SUM(4) SUM(5) SUM(6)
#undef SUM
        }
    }
}

#undef NAME
#undef TARGET
#undef unit
#undef unit_lanes
#undef DEPTH
#undef ADD
#undef UNITS
#undef FIRST_ONLY
