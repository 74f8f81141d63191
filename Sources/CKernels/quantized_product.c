#include "quantized.h"

// A scaled sum is rounded before it is added, so that it is the same where nothing can be fused.
#pragma STDC FP_CONTRACT OFF

enum { VECTORS = PANEL / LANES };
/// Rows of one tile: no more than these read the weights where they lie, others from a copy in bfloat16.
enum { FEW_ROWS = 6 };
/// Blocks of that copy, so that it stays in a near cache while all rows pass by.
enum { COPIED_BLOCKS = 12 };

static inline long blocks_of(long depth) { return (depth + BLOCK - 1) / BLOCK; }

/// The scales of vector `v` of the columns.
INLINE void load_scales(const block *from, int v, lanes *scales) {
    const half_lanes halves = *(const half_lanes *)(from->scales + v * LANES);
    *scales = (lanes)(__builtin_convertvector(halves, word_lanes) << 16);
}

/// sums (rows, 64) += A · B for at most `FEW_ROWS` rows and some blocks of a panel, of which the last may be cut.
/// `copy` are its numbers as bfloat16; null, they are taken from the panel.
typedef void tile_function(long rows, long pairs, const uint32_t *a, long a_row, const block *panel,
                           const uint32_t *copy, float *sums);
/// The numbers of a panel, (pairs, 64), as bfloat16.
typedef void copy_function(long pairs, const block *panel, uint32_t *copy);

/// Sums go through a tile of their own, which stays in the nearest cache however far apart C's rows are.
INLINE void all_rows(tile_function *tile, long rows, long columns, long pairs, const uint32_t *a, long a_row,
                     const block *panel, const uint32_t *copy, int adds, float *c, long c_row) {
    for (long r = 0; r < rows; r += FEW_ROWS, c += FEW_ROWS * c_row) {
        const long held = smaller(FEW_ROWS, rows - r);
        const size_t width = (size_t)smaller(PANEL, columns) * sizeof *c;
        float sums[FEW_ROWS * PANEL] __attribute__((aligned(64))) = {0};
        if (adds)
            for (long i = 0; i < held; i++) memcpy(sums + i * PANEL, c + i * c_row, width);
        tile(held, pairs, a + r * a_row, a_row, panel, copy, sums);
        for (long i = 0; i < held; i++) memcpy(c + i * c_row, sums + i * PANEL, width);
    }
}

INLINE void product(tile_function *tile, copy_function *expanded, long rows, long columns, long depth,
                    const uint32_t *a, long a_row, const uint8_t *quantized, float *c, long c_row) {
    const long pairs = kernel_pairs(depth), blocks = blocks_of(depth);
    const block *panels = (const block *)quantized;
    uint32_t copy[COPIED_BLOCKS * BLOCK_PAIRS * PANEL] __attribute__((aligned(64)));
    // Few rows are bound by memory: they read each panel from end to end.
    const long part = rows <= FEW_ROWS ? blocks : COPIED_BLOCKS;
    for (long first = 0; first < blocks; first += part) {
        const long pair = first * BLOCK_PAIRS, held = smaller(part * BLOCK_PAIRS, pairs - pair);
        for (long column = 0; column < columns; column += PANEL) {
            const block *panel = panels + column / PANEL * blocks + first;
            if (rows > FEW_ROWS) expanded(held, panel, copy);
            all_rows(tile, rows, columns - column, held, a + pair, a_row, panel, rows > FEW_ROWS ? copy : 0, first > 0,
                     c + column, c_row);
        }
    }
}

DISPATCHED static void plain_copy(long pairs, const block *panel, uint32_t *copy) {
    for (long p = 0; p < pairs; p++)
        for (int v = 0; v < VECTORS; v++)
            expand(panel[p / BLOCK_PAIRS].pairs[p % BLOCK_PAIRS], v, (word_lanes *)(copy + p * PANEL + v * LANES));
}

DISPATCHED static void plain_tile(long rows, long pairs, const uint32_t *a, long a_row, const block *panel,
                                  const uint32_t *copy, float *sums) {
    for (long first = 0; first < pairs; first += BLOCK_PAIRS, panel++)
        for (int v = 0; v < VECTORS; v++) {
            lanes sum[FEW_ROWS] = {{0}}, scales;
            for (long p = first; p < smaller(first + BLOCK_PAIRS, pairs); p++) {
                word_lanes right;
                if (copy) right = *(const word_lanes *)(copy + p * PANEL + v * LANES);
                else expand(panel->pairs[p - first], v, &right);
                for (long r = 0; r < rows; r++) add_pairs(a[r * a_row + p], &right, &sum[r]);
            }
            load_scales(panel, v, &scales);
            for (long r = 0; r < rows; r++) {
                const lanes scaled = sum[r] * scales;
                *(lanes *)(sums + r * PANEL + v * LANES) += scaled;
            }
        }
}

void kernel_quantized_product_plain(long rows, long columns, long depth, const uint32_t *a, long a_row,
                                    const uint8_t *quantized, float *c, long c_row) {
    product(plain_tile, plain_copy, rows, columns, depth, a, a_row, quantized, c, c_row);
}

#if defined(__x86_64__)
#define NATIVE __attribute__((target("arch=x86-64-v4,avx512bf16,avx512vbmi")))
#define NATIVE_INLINE NATIVE static inline __attribute__((always_inline))

/// How far ahead of the numbers in use others are fetched, in blocks of the panel.
enum { AHEAD = 2 };

/// The bytes of each whole number from 0 to 127 as bfloat16.
typedef struct {
    __m512i upper[2], lower[2];
} number_table;

#define EIGHT(first, step)                                                                                  \
    first, first + step, first + 2 * step, first + 3 * step, first + 4 * step, first + 5 * step, first + 6 * step, \
        first + 7 * step
static const uint8_t upper_bytes[128] = {[1] = 0x3f, [2 ... 7] = 0x40, [8 ... 31] = 0x41, [32 ... 127] = 0x42};
static const uint8_t lower_bytes[128] = {
    0, 0x80, 0, 0x40, 0x80, 0xa0, 0xc0, 0xe0, EIGHT(0, 16), EIGHT(0x80, 8), EIGHT(0xc0, 8), EIGHT(0, 4),
    EIGHT(0x20, 4), EIGHT(0x40, 4), EIGHT(0x60, 4), EIGHT(0x80, 2), EIGHT(0x90, 2), EIGHT(0xa0, 2), EIGHT(0xb0, 2),
    EIGHT(0xc0, 2), EIGHT(0xd0, 2), EIGHT(0xe0, 2), EIGHT(0xf0, 2)};

NATIVE_INLINE void load_table(number_table *table) {
    for (int half = 0; half < 2; half++) {
        table->upper[half] = _mm512_loadu_si512(upper_bytes + 64 * half);
        table->lower[half] = _mm512_loadu_si512(lower_bytes + 64 * half);
    }
}

/// `expand` of two vectors of columns.
NATIVE_INLINE void expand_natively(const uint8_t *numbers, const number_table *table, __m512bh *words) {
    const __m512i all = _mm512_loadu_si512(numbers);
    // The permutation leaves the sign out; a | (b & c) puts it back.
    const __m512i size = _mm512_permutex2var_epi8(table->upper[0], all, table->upper[1]);
    const __m512i upper = _mm512_ternarylogic_epi32(size, all, _mm512_set1_epi8((char)0x80), 0xf8);
    const __m512i lower = _mm512_permutex2var_epi8(table->lower[0], all, table->lower[1]);
    words[0] = (__m512bh)_mm512_unpacklo_epi8(lower, upper);
    words[1] = (__m512bh)_mm512_unpackhi_epi8(lower, upper);
}

NATIVE static void fast_copy(long pairs, const block *panel, uint32_t *copy) {
    number_table table;
    load_table(&table);
    for (long p = 0; p < pairs; p++)
        for (int v = 0; v < VECTORS; v += 2) {
            __m512bh words[2];
            expand_natively(panel[p / BLOCK_PAIRS].pairs[p % BLOCK_PAIRS] + v * 2 * LANES, &table, words);
            for (int i = 0; i < 2; i++)
                _mm512_storeu_si512(copy + p * PANEL + (v + i) * LANES, (__m512i)words[i]);
        }
}

/// `rows` and `is_copied` are constants where this is inlined.
NATIVE_INLINE void tile(const int rows, const int is_copied, long pairs, const uint32_t *a, long a_row,
                        const block *panel, const uint32_t *copy, float *sums) {
    number_table table;
    if (!is_copied) load_table(&table);
    for (long first = 0; first < pairs; first += BLOCK_PAIRS, panel++) {
        __m512 sum[FEW_ROWS][VECTORS];
#pragma unroll
        for (int r = 0; r < rows; r++)
#pragma unroll
            for (int v = 0; v < VECTORS; v++) sum[r][v] = _mm512_setzero_ps();
        if (!is_copied)
            for (unsigned line = 0; line < sizeof panel->scales; line += 64)
                _mm_prefetch((const char *)(panel + AHEAD) + line, _MM_HINT_T0);
        const long held = smaller(BLOCK_PAIRS, pairs - first);
        for (long p = 0; p < held; p++) {
            __m512bh right[VECTORS];
            const uint8_t *numbers = panel->pairs[p];
#pragma unroll
            for (int v = 0; v < VECTORS; v += 2) {
                if (is_copied) {
                    const uint32_t *words = copy + (first + p) * PANEL + v * LANES;
                    right[v] = (__m512bh)_mm512_loadu_si512(words);
                    right[v + 1] = (__m512bh)_mm512_loadu_si512(words + LANES);
                } else {
                    _mm_prefetch((const char *)numbers + AHEAD * sizeof *panel + v * 2 * LANES, _MM_HINT_T0);
                    expand_natively(numbers + v * 2 * LANES, &table, right + v);
                }
            }
#pragma unroll
            for (int r = 0; r < rows; r++) {
                const __m512bh left = (__m512bh)_mm512_set1_epi32((int)a[r * a_row + first + p]);
#pragma unroll
                for (int v = 0; v < VECTORS; v++) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], left, right[v]);
            }
        }
#pragma unroll
        for (int v = 0; v < VECTORS; v++) {
            const __m256i halves = _mm256_loadu_si256((const __m256i *)(panel->scales + v * LANES));
            const __m512 scales = (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16);
#pragma unroll
            for (int r = 0; r < rows; r++) {
                float *to = sums + r * PANEL + v * LANES;
                const __m512 scaled = _mm512_mul_ps(sum[r][v], scales);
                _mm512_storeu_ps(to, _mm512_add_ps(_mm512_loadu_ps(to), scaled));
            }
        }
    }
}

NATIVE static void fast_tile(long rows, long pairs, const uint32_t *a, long a_row, const block *panel,
                             const uint32_t *copy, float *sums) {
    switch (rows) {
#define TILE(n)                                                                  \
    case n:                                                            \
        if (copy) tile(n, 1, pairs, a, a_row, panel, copy, sums);      \
        else tile(n, 0, pairs, a, a_row, panel, copy, sums);           \
        break;
        TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
    }
}
#endif

void kernel_quantized_product(long rows, long columns, long depth, const uint32_t *a, long a_row,
                              const uint8_t *quantized, float *c, long c_row) {
#if defined(__x86_64__)
    if (kernel_has_bfloat16() && __builtin_cpu_supports("avx512vbmi"))
        return product(fast_tile, fast_copy, rows, columns, depth, a, a_row, quantized, c, c_row);
#endif
    kernel_quantized_product_plain(rows, columns, depth, a, a_row, quantized, c, c_row);
}
