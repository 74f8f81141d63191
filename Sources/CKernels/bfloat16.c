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
enum { TILE_ROWS = 6 };

/// `ahead` is where the panel that comes next begins, null at the end. It is taken to be as long as this one; where it is
/// shorter, what lies behind it is fetched for nothing.
typedef void panel_function(long rows, long pairs, left_factor a, const uint32_t *panel, const uint32_t *ahead, float *c,
                            long c_row, int accumulate);

/// The panel that comes next: what of it is not yet fetched. A panel has four lines a pair.
typedef struct {
    const uint32_t *from, *end;
} next_panel;

/// A line to fetch with each pair, `step` words from one to the next.
typedef struct {
    const uint32_t *line;
    long step;
} fetched_lines;

INLINE next_panel panel_ahead(const uint32_t *ahead, long pairs) {
    return (next_panel){ahead, ahead ? ahead + pairs * PANEL : ahead};
}

/// What a tile of `pairs` fetches: a quarter of the next panel, or, once that is fetched, a line of this one, which is there.
INLINE fetched_lines lines_of(next_panel *next, long pairs, const uint32_t *panel) {
    if (next->from == next->end) return (fetched_lines){panel, 0};
    const fetched_lines lines = {next->from, LANES};
    next->from += pairs * LANES;
    return lines;
}

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
    const long block = rows <= TILE_ROWS ? pairs : DEPTH_BLOCK;
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

#include "multiply_adds.h"

void kernel_bfloat16_product_plain(long rows, long columns, long pairs, const uint32_t *a, long a_row, long a_pair,
                                   const uint32_t *panels, float *c, long c_row, int accumulate) {
    const left_factor left = {a, a_row, a_pair};
    const unsigned state = drop_small_sums();
#if defined(__x86_64__)
    if (__builtin_cpu_supports("x86-64-v4"))
        product(wide_registers, rows, columns, pairs, left, panels, c, c_row, accumulate);
    else
#endif
        product(narrow_registers, rows, columns, pairs, left, panels, c, c_row, accumulate);
    keep_small_sums(state);
}

#if defined(__x86_64__)
/// `rows` x 64 sums in registers. `rows` is a constant where this is inlined.
BFLOAT16 static inline __attribute__((always_inline)) void tile(const int rows, long pairs, left_factor a,
                                                                const uint32_t *panel, fetched_lines fetched,
                                                                float *c, long c_row, int accumulate) {
    enum { VECTORS = PANEL / LANES };
    __m512 sum[TILE_ROWS][VECTORS];
#pragma unroll
    for (int r = 0; r < rows; r++)
#pragma unroll
        for (int v = 0; v < VECTORS; v++)
            sum[r][v] = accumulate ? _mm512_loadu_ps(c + r * c_row + v * LANES) : _mm512_setzero_ps();
    for (long p = 0; p < pairs; p++, fetched.line += fetched.step) {
        _mm_prefetch((const char *)fetched.line, _MM_HINT_T1);
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

BFLOAT16 static void pair_instructions(long rows, long pairs, left_factor a, const uint32_t *panel,
                                       const uint32_t *ahead, float *c, long c_row, int accumulate) {
    next_panel next = panel_ahead(ahead, pairs);
    for (long r = 0; r < rows; r += TILE_ROWS) {
        const left_factor left = part_of(a, r, 0);
        const fetched_lines fetched = lines_of(&next, pairs, panel);
        float *target = c + r * c_row;
        switch (smaller(TILE_ROWS, rows - r)) {
#define TILE(n) \
    case n: tile(n, pairs, left, panel, fetched, target, c_row, accumulate); break;
            TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
        }
    }
}

int kernel_has_bfloat16(void) { return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("x86-64-v4"); }
#else
int kernel_has_bfloat16(void) { return 0; }
#endif

void kernel_bfloat16_product_native(long rows, long columns, long pairs, const uint32_t *a, long a_row, long a_pair,
                                    const uint32_t *panels, float *c, long c_row, int accumulate) {
#if defined(__x86_64__)
    if (kernel_has_bfloat16())
        return product(pair_instructions, rows, columns, pairs, (left_factor){a, a_row, a_pair}, panels, c, c_row,
                       accumulate);
#endif
    kernel_bfloat16_product_plain(rows, columns, pairs, a, a_row, a_pair, panels, c, c_row, accumulate);
}

void kernel_bfloat16_product(long rows, long columns, long pairs, const uint32_t *a, long a_row, long a_pair,
                             const uint32_t *panels, float *c, long c_row, int accumulate) {
    (kernel_pairs_outrun_floats() ? kernel_bfloat16_product_native : kernel_bfloat16_product_plain)(
        rows, columns, pairs, a, a_row, a_pair, panels, c, c_row, accumulate);
}
