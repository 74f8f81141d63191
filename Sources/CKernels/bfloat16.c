#include "bfloat16.h"

enum { PANEL = kernel_panel_columns };

static inline long smaller(long a, long b) { return a < b ? a : b; }

/// The words of two rows of factors, `earlier` and `later` along the depth.
INLINE void pair_lanes(const lanes *earlier, const lanes *later, word_lanes *words) {
    word_lanes low, high;
    round_lanes(earlier, &low);
    round_lanes(later, &high);
    *words = (low >> 16) | (high & 0xffff0000u);
}

DISPATCHED void kernel_pairs_of_rows(const float *x, long x_row, uint32_t *y, long y_row, long rows, long width) {
    for (long r = 0; r < rows; r++) pair_up(x + r * x_row, y + r * y_row, width);
}

/// words[i][j] = pair i of column j, for up to 16 pairs and 16 columns of x (rows, width) from (row, column) on; zero
/// beyond its ends.
INLINE void square_of_pairs(const float *x, long x_row, long row, long rows, long column, long width,
                            word_lanes *words) {
    const long columns = smaller(LANES, width - column);
    for (int i = 0; i < LANES; i++) {
        const long earlier = row + 2 * i;
        lanes values[2] = {{0}, {0}};
        for (int part = 0; part < 2; part++) {
            if (earlier + part >= rows) continue;
            const float *from = x + (earlier + part) * x_row + column;
            if (columns == LANES) values[part] = *(const lanes *)from;
            else load_tail(&values[part], from, columns, 0);
        }
        pair_lanes(&values[0], &values[1], &words[i]);
    }
}

/// Rows and columns of a square of words change places.
INLINE void turn(word_lanes *words) {
    word_lanes other[LANES];
#define SWAP(from, to, distance, low, high)                                             \
    _Pragma("unroll") for (int i = 0; i < LANES; i++) {                                 \
        if (i & distance) continue;                                                     \
        to[i] = __builtin_shufflevector(from[i], from[i + distance], LIST low);         \
        to[i + distance] = __builtin_shufflevector(from[i], from[i + distance], LIST high); \
    }
#define LIST(...) __VA_ARGS__
    SWAP(words, other, 8, (0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
         (8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
    SWAP(other, words, 4, (0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27),
         (4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31))
    SWAP(words, other, 2, (0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),
         (2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))
    SWAP(other, words, 1, (0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30),
         (1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31))
}

INLINE void store_words(uint32_t *to, const word_lanes *from, long count) {
    if (count >= LANES) *(word_lanes *)to = *from;
    else memcpy(to, from, (size_t)count * sizeof *to);
}

DISPATCHED void kernel_pairs_of_columns(const float *x, long x_row, uint32_t *y, long y_row, long rows, long width) {
    const long pairs = kernel_pairs(rows);
    for (long pair = 0; pair < pairs; pair += LANES)
        for (long column = 0; column < width; column += LANES) {
            word_lanes words[LANES];
            square_of_pairs(x, x_row, 2 * pair, rows, column, width, words);
            turn(words);
            const long columns = smaller(LANES, width - column);
            for (long j = 0; j < columns; j++) store_words(y + (column + j) * y_row + pair, &words[j], pairs - pair);
        }
}

DISPATCHED void kernel_panels_of_rows(const float *x, long x_row, uint32_t *panels, long panel_words, long rows,
                                      long columns) {
    const long pairs = kernel_pairs(rows);
    for (long first = 0; first < columns; first += PANEL, panels += panel_words)
        for (long pair = 0; pair < pairs; pair += LANES) {
            const long held = smaller(LANES, pairs - pair);
            for (long j = 0; j < PANEL; j += LANES) {
                word_lanes words[LANES] = {{0}};
                if (first + j < columns) square_of_pairs(x, x_row, 2 * pair, rows, first + j, columns, words);
                for (long i = 0; i < held; i++) *(word_lanes *)(panels + (pair + i) * PANEL + j) = words[i];
            }
        }
}

DISPATCHED void kernel_panels_of_columns(const float *x, long x_row, uint32_t *panels, long depth, long columns) {
    const long pairs = kernel_pairs(depth);
    for (long first = 0; first < columns; first += PANEL, panels += pairs * PANEL)
        for (long j = 0; j < PANEL; j += LANES)
            for (long pair = 0; pair < pairs; pair += LANES) {
                const long held = smaller(LANES, pairs - pair), values = smaller(2 * LANES, depth - 2 * pair);
                word_lanes words[LANES];
                for (long i = 0; i < LANES; i++) {
                    const long column = first + j + i;
                    uint32_t row[LANES] = {0};
                    if (column < columns) pair_up(x + column * x_row + 2 * pair, row, values);
                    memcpy(&words[i], row, sizeof row);
                }
                turn(words);
                for (long i = 0; i < held; i++) *(word_lanes *)(panels + (pair + i) * PANEL + j) = words[i];
            }
}

// MARK: Products

/// Pairs of a panel that stay in a near cache while all rows pass by.
enum { DEPTH_BLOCK = 192 };
/// Rows of one tile: no more than these pass a panel once.
enum { FEW_ROWS = 6 };

/// `ahead` is where the panel that comes next begins, null at the end. It is taken to be as long as this one; where it is
/// shorter, what lies behind it is fetched for nothing.
typedef void panel_function(long rows, long pairs, const uint32_t *a, long a_row, const uint32_t *panel,
                            const uint32_t *ahead, float *c, long c_row, int accumulate);

/// A panel of which C has only some columns goes through a block of its own.
INLINE void narrow_panel(panel_function *whole, long rows, long columns, long pairs, const uint32_t *a, long a_row,
                         const uint32_t *panel, const uint32_t *ahead, float *c, long c_row, int accumulate) {
    enum { BLOCK = 24 };
    float part[BLOCK * PANEL];
    for (long first = 0; first < rows; first += BLOCK) {
        const long held = smaller(BLOCK, rows - first);
        memset(part, 0, sizeof part);
        if (accumulate)
            for (long r = 0; r < held; r++)
                memcpy(part + r * PANEL, c + (first + r) * c_row, (size_t)columns * sizeof *c);
        whole(held, pairs, a + first * a_row, a_row, panel, ahead, part, PANEL, 1);
        for (long r = 0; r < held; r++)
            memcpy(c + (first + r) * c_row, part + r * PANEL, (size_t)columns * sizeof *c);
    }
}

/// All panels, in blocks of the depth; a partial sum waits in C, where it keeps all its bits.
INLINE void product(panel_function *whole, long rows, long columns, long pairs, const uint32_t *a, long a_row,
                    const uint32_t *panels, float *c, long c_row, int accumulate) {
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
            if (left >= PANEL) whole(rows, held, a + pair, a_row, panel, ahead, c + column, c_row, adds);
            else narrow_panel(whole, rows, left, held, a + pair, a_row, panel, ahead, c + column, c_row, adds);
        }
    }
}

INLINE void plain_tile(const int rows, long pairs, const uint32_t *a, long a_row, const uint32_t *panel, float *c,
                       long c_row, int accumulate) {
    for (long j = 0; j < PANEL; j += LANES) {
        lanes sum[4];
#pragma unroll
        for (int r = 0; r < rows; r++) sum[r] = accumulate ? *(const lanes *)(c + r * c_row + j) : (lanes){0};
        for (long p = 0; p < pairs; p++) {
            const word_lanes right = *(const word_lanes *)(panel + p * PANEL + j);
#pragma unroll
            for (int r = 0; r < rows; r++) add_pairs(a[r * a_row + p], &right, &sum[r]);
        }
#pragma unroll
        for (int r = 0; r < rows; r++) *(lanes *)(c + r * c_row + j) = sum[r];
    }
}

DISPATCHED static void plain_panel(long rows, long pairs, const uint32_t *a, long a_row, const uint32_t *panel,
                                   const uint32_t *ahead, float *c, long c_row, int accumulate) {
    (void)ahead;
    long r = 0;
    for (; r + 4 <= rows; r += 4) plain_tile(4, pairs, a + r * a_row, a_row, panel, c + r * c_row, c_row, accumulate);
    for (; r < rows; r++) plain_tile(1, pairs, a + r * a_row, a_row, panel, c + r * c_row, c_row, accumulate);
}

void kernel_bfloat16_product_plain(long rows, long columns, long pairs, const uint32_t *a, long a_row,
                                   const uint32_t *panels, float *c, long c_row, int accumulate) {
    product(plain_panel, rows, columns, pairs, a, a_row, panels, c, c_row, accumulate);
}

#if defined(__x86_64__)
/// `rows` x 64 sums in registers. A line of what lies `ahead` is fetched with each pair, the next one `step` words on.
/// `rows` is a constant where this is inlined.
BFLOAT16 static inline __attribute__((always_inline)) void tile(const int rows, long pairs, const uint32_t *a,
                                                                long a_row, const uint32_t *panel,
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
            const __m512bh left = (__m512bh)_mm512_set1_epi32((int)a[r * a_row + p]);
#pragma unroll
            for (int v = 0; v < VECTORS; v++) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], left, right[v]);
        }
    }
#pragma unroll
    for (int r = 0; r < rows; r++)
#pragma unroll
        for (int v = 0; v < VECTORS; v++) _mm512_storeu_ps(c + r * c_row + v * LANES, sum[r][v]);
}

BFLOAT16 static void fast_panel(long rows, long pairs, const uint32_t *a, long a_row, const uint32_t *panel,
                                const uint32_t *ahead, float *c, long c_row, int accumulate) {
    // A panel has four lines a pair: four tiles fetch the next one, the others a line of this one, which is there.
    const uint32_t *end = ahead ? ahead + pairs * PANEL : ahead;
    for (long r = 0; r < rows; r += 6) {
        const uint32_t *left = a + r * a_row, *fetched = ahead < end ? ahead : panel;
        const long step = ahead < end ? LANES : 0;
        float *target = c + r * c_row;
        switch (smaller(6, rows - r)) {
#define TILE(n) \
    case n: tile(n, pairs, left, a_row, panel, fetched, step, target, c_row, accumulate); break;
            TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
        }
        if (ahead < end) ahead += pairs * LANES;
    }
}

int kernel_has_bfloat16(void) { return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("x86-64-v4"); }
#else
int kernel_has_bfloat16(void) { return 0; }
#endif

void kernel_bfloat16_product(long rows, long columns, long pairs, const uint32_t *a, long a_row,
                             const uint32_t *panels, float *c, long c_row, int accumulate) {
#if defined(__x86_64__)
    if (kernel_has_bfloat16())
        return product(fast_panel, rows, columns, pairs, a, a_row, panels, c, c_row, accumulate);
#endif
    kernel_bfloat16_product_plain(rows, columns, pairs, a, a_row, panels, c, c_row, accumulate);
}
