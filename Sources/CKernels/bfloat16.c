#include "bfloat16.h"

enum { PANEL = kernel_panel_columns };

/// The left factor of a product: pair p of row r is words[r * row + p * pair].
typedef struct {
    const uint32_t *words;
    long row, pair;
} left_factor;

static inline left_factor part_of(left_factor a, long row, long pair) {
    a.words += row * a.row + pair * a.pair;
    return a;
}

/// Pairs of a panel that stay in a near cache while all rows pass by.
enum { DEPTH_BLOCK = 192 };
/// Rows of one tile: no more than these pass a panel once.
enum { FEW_ROWS = 6 };

/// `ahead` is where the panel that comes next begins, null at the end. It is taken to be as long as this one; where it is
/// shorter, what lies behind it is fetched for nothing.
typedef void panel_function(long rows, long pairs, left_factor a, const uint32_t *panel, const uint32_t *ahead, float *c,
                            long c_row, int accumulate);

/// A panel of which C has only some columns goes through a block of its own.
INLINE void narrow_panel(panel_function *whole, long rows, long columns, long pairs, left_factor a,
                         const uint32_t *panel, const uint32_t *ahead, float *c, long c_row, int accumulate) {
    enum { BLOCK = 24 };
    float part[BLOCK * PANEL];
    for (long first = 0; first < rows; first += BLOCK) {
        const long held = smaller(BLOCK, rows - first);
        memset(part, 0, sizeof part);
        if (accumulate)
            for (long r = 0; r < held; r++)
                memcpy(part + r * PANEL, c + (first + r) * c_row, (size_t)columns * sizeof *c);
        whole(held, pairs, part_of(a, first, 0), panel, ahead, part, PANEL, 1);
        for (long r = 0; r < held; r++)
            memcpy(c + (first + r) * c_row, part + r * PANEL, (size_t)columns * sizeof *c);
    }
}

/// All panels, in blocks of the depth; a partial sum waits in C, where it keeps all its bits.
INLINE void product(panel_function *whole, long rows, long columns, long pairs, left_factor a, const uint32_t *panels,
                    float *c, long c_row, int accumulate) {
    // Few rows are bound by memory: they read each panel from end to end.
    const long block = rows <= FEW_ROWS ? pairs : DEPTH_BLOCK;
    for (long pair = 0; pair < pairs; pair += block) {
        const long held = smaller(block, pairs - pair);
        const int adds = accumulate || pair > 0;
        for (long column = 0; column < columns; column += PANEL) {
            const uint32_t *panel = panels + column * pairs + pair * PANEL;
            const long left = columns - column;
            // Where the depth is cut, the last panel is followed by the first one's next part.
            const uint32_t *ahead = left > PANEL          ? panel + pairs * PANEL
                                    : pair + held < pairs ? panels + (pair + held) * PANEL
                                                          : 0;
            if (left >= PANEL) whole(rows, held, part_of(a, 0, pair), panel, ahead, c + column, c_row, adds);
            else narrow_panel(whole, rows, left, held, part_of(a, 0, pair), panel, ahead, c + column, c_row, adds);
        }
    }
}

/// What a plain tile takes in at a time: its rows and that part of a panel stay in the nearest cache.
enum { PLAIN_ROWS = 6, PLAIN_PAIRS = 96 };
/// Places for a pair's rows where the left factor is turned.
enum { TURNED_ROWS = 8 };

/// A tile's rows taken apart, once for all columns of a panel: the pairs' later factors and their earlier ones. Pair p of
/// row r is at r * PLAIN_PAIRS + p, or at p * TURNED_ROWS + r where the factor is turned.
typedef struct {
    float later[TURNED_ROWS * PLAIN_PAIRS], earlier[TURNED_ROWS * PLAIN_PAIRS];
} left_floats;

INLINE void take_apart(uint32_t word, left_floats *to, long place) {
    const uint32_t later = word & 0xffff0000u, earlier = word << 16;
    memcpy(to->later + place, &later, sizeof later);
    memcpy(to->earlier + place, &earlier, sizeof earlier);
}

/// Each branch walks the words as they usually lie.
INLINE void take_rows_apart(const int turned, long rows, long pairs, left_factor a, left_floats *to) {
    if (turned)
        for (long p = 0; p < pairs; p++)
            for (long r = 0; r < rows; r++) take_apart(a.words[p * a.pair + r * a.row], to, p * TURNED_ROWS + r);
    else
        for (long r = 0; r < rows; r++)
            for (long p = 0; p < pairs; p++) take_apart(a.words[r * a.row + p], to, r * PLAIN_PAIRS + p);
}

/// `rows` x (16 * `vectors`) sums. Both, and `turned`, are constants where this is inlined.
INLINE void plain_tile(const int rows, const int vectors, const int turned, long pairs, const left_floats *left,
                       const uint32_t *panel, float *c, long c_row, int accumulate) {
    const long row = turned ? 1 : PLAIN_PAIRS, pair = turned ? TURNED_ROWS : 1;
    lanes sum[PLAIN_ROWS][PANEL / LANES];
#pragma unroll
    for (int r = 0; r < rows; r++)
#pragma unroll
        for (int v = 0; v < vectors; v++)
            sum[r][v] = accumulate ? *(const lanes *)(c + r * c_row + v * LANES) : (lanes){0};
    for (long p = 0; p < pairs; p++) {
        const word_lanes *words = (const word_lanes *)(panel + p * PANEL);
        lanes right[PANEL / LANES];
#pragma unroll
        for (int v = 0; v < vectors; v++) right[v] = (lanes)(words[v] & 0xffff0000u);
#pragma unroll
        for (int r = 0; r < rows; r++)
#pragma unroll
            for (int v = 0; v < vectors; v++) sum[r][v] += left->later[r * row + p * pair] * right[v];
        // Read anew: kept, the words would take registers that the sums need.
        __asm__("" : "+r"(words));
#pragma unroll
        for (int v = 0; v < vectors; v++) right[v] = (lanes)(words[v] << 16);
#pragma unroll
        for (int r = 0; r < rows; r++)
#pragma unroll
            for (int v = 0; v < vectors; v++) sum[r][v] += left->earlier[r * row + p * pair] * right[v];
    }
#pragma unroll
    for (int r = 0; r < rows; r++)
#pragma unroll
        for (int v = 0; v < vectors; v++) *(lanes *)(c + r * c_row + v * LANES) = sum[r][v];
}

/// All columns of a panel, as many at a time as leave the processors with the fewest registers enough of them.
INLINE void plain_rows(const int rows, const int vectors, const int turned, long pairs, const left_floats *left,
                       const uint32_t *panel, float *c, long c_row, int accumulate) {
    for (int j = 0; j < PANEL; j += vectors * LANES)
        plain_tile(rows, vectors, turned, pairs, left, panel + j, c + j, c_row, accumulate);
}

INLINE void plain_part(const int turned, long rows, long pairs, left_factor a, const uint32_t *panel, float *c,
                       long c_row, int accumulate) {
    left_floats left;
    for (long r = 0; r < rows; r += PLAIN_ROWS, c += PLAIN_ROWS * c_row) {
        const long held = smaller(PLAIN_ROWS, rows - r);
        take_rows_apart(turned, held, pairs, part_of(a, r, 0), &left);
        switch (held) {
#define ROWS(n, vectors) \
    case n: plain_rows(n, vectors, turned, pairs, &left, panel, c, c_row, accumulate); break;
            ROWS(1, 4) ROWS(2, 2) ROWS(3, 1) ROWS(4, 1) ROWS(5, 1) ROWS(6, 1)
        }
    }
}

DISPATCHED static void plain_panel(long rows, long pairs, left_factor a, const uint32_t *panel, const uint32_t *ahead,
                                   float *c, long c_row, int accumulate) {
    (void)ahead;
    for (long p = 0; p < pairs; p += PLAIN_PAIRS) {
        const long held = smaller(PLAIN_PAIRS, pairs - p);
        const int adds = accumulate || p > 0;
        if (a.pair == 1) plain_part(0, rows, held, part_of(a, 0, p), panel + p * PANEL, c, c_row, adds);
        else plain_part(1, rows, held, part_of(a, 0, p), panel + p * PANEL, c, c_row, adds);
    }
}

void kernel_bfloat16_product_plain(long rows, long columns, long pairs, const uint32_t *a, long a_row, long a_pair,
                                   const uint32_t *panels, float *c, long c_row, int accumulate) {
    product(plain_panel, rows, columns, pairs, (left_factor){a, a_row, a_pair}, panels, c, c_row, accumulate);
}

#if defined(__x86_64__)
/// `rows` x 64 sums in registers. A line of what lies `ahead` is fetched with each pair, the next one `step` words on.
/// `rows` is a constant where this is inlined.
BFLOAT16 static inline __attribute__((always_inline)) void tile(const int rows, long pairs, left_factor a,
                                                                const uint32_t *panel,
                                                                const uint32_t *ahead, long step, float *c,
                                                                long c_row, int accumulate) {
    enum { MOST_ROWS = 6, VECTORS = PANEL / LANES };
    __m512 sum[MOST_ROWS][VECTORS];
#pragma unroll
    for (int r = 0; r < rows; r++)
#pragma unroll
        for (int v = 0; v < VECTORS; v++)
            sum[r][v] = accumulate ? _mm512_loadu_ps(c + r * c_row + v * LANES) : _mm512_setzero_ps();
    for (long p = 0; p < pairs; p++, ahead += step) {
        _mm_prefetch((const char *)ahead, _MM_HINT_T1);
        __m512bh right[VECTORS];
#pragma unroll
        for (int v = 0; v < VECTORS; v++) right[v] = (__m512bh)_mm512_loadu_si512(panel + p * PANEL + v * LANES);
#pragma unroll
        for (int r = 0; r < rows; r++) {
            const __m512bh left = (__m512bh)_mm512_set1_epi32((int)a.words[r * a.row + p * a.pair]);
#pragma unroll
            for (int v = 0; v < VECTORS; v++) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], left, right[v]);
        }
    }
#pragma unroll
    for (int r = 0; r < rows; r++)
#pragma unroll
        for (int v = 0; v < VECTORS; v++) _mm512_storeu_ps(c + r * c_row + v * LANES, sum[r][v]);
}

BFLOAT16 static void fast_panel(long rows, long pairs, left_factor a, const uint32_t *panel, const uint32_t *ahead,
                                float *c, long c_row, int accumulate) {
    // A panel has four lines a pair: four tiles fetch the next one, the others a line of this one, which is there.
    const uint32_t *end = ahead ? ahead + pairs * PANEL : ahead;
    for (long r = 0; r < rows; r += 6) {
        const left_factor left = part_of(a, r, 0);
        const uint32_t *fetched = ahead < end ? ahead : panel;
        const long step = ahead < end ? LANES : 0;
        float *target = c + r * c_row;
        switch (smaller(6, rows - r)) {
#define TILE(n) \
    case n: tile(n, pairs, left, panel, fetched, step, target, c_row, accumulate); break;
            TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
        }
        if (ahead < end) ahead += pairs * LANES;
    }
}

int kernel_has_bfloat16(void) { return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("x86-64-v4"); }
#else
int kernel_has_bfloat16(void) { return 0; }
#endif

void kernel_bfloat16_product(long rows, long columns, long pairs, const uint32_t *a, long a_row, long a_pair,
                             const uint32_t *panels, float *c, long c_row, int accumulate) {
#if defined(__x86_64__)
    if (kernel_has_bfloat16())
        return product(fast_panel, rows, columns, pairs, (left_factor){a, a_row, a_pair}, panels, c, c_row, accumulate);
#endif
    kernel_bfloat16_product_plain(rows, columns, pairs, a, a_row, a_pair, panels, c, c_row, accumulate);
}
