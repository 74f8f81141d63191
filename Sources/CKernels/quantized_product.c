#include "quantized.h"

enum { VECTORS = PANEL / LANES };
/// Rows of one tile: no more than these pass a panel once.
enum { TILE_ROWS = 6 };
/// How far ahead of the numbers in use a tile that passes alone fetches others, in blocks of the panel.
enum { AHEAD = 2 };
enum { LINE = 64, BLOCK_LINES = sizeof(panel_block) / LINE };

static inline long blocks_of(long depth) { return (depth + BLOCK - 1) / BLOCK; }

/// What a tile brings nearer with each block it takes in: `count` lines from address `from` on, a block's bytes further
/// each time. Addresses, since they may lie behind the factor's end, where nothing is read.
typedef struct {
    uintptr_t from;
    long count;
} coming_lines;

/// A tile that passes its panel alone fetches that panel further on, and at its end what lies behind it. Of several tiles
/// each fetches its share of the panel that comes next in this call, if any.
INLINE coming_lines lines_ahead(long tile, long tiles, const panel_block *panel, long blocks, int is_last) {
    const uintptr_t start = (uintptr_t)panel;
    if (tiles == 1) return (coming_lines){start + AHEAD * sizeof *panel, BLOCK_LINES};
    const long share = (BLOCK_LINES + tiles - 1) / tiles, first = tile * share;
    if (is_last || first >= BLOCK_LINES) return (coming_lines){0, 0};
    return (coming_lines){start + (uintptr_t)(blocks * kernel_block_bytes + first * LINE),
                          smaller(share, BLOCK_LINES - first)};
}

INLINE void fetch(coming_lines *lines) {
#pragma clang loop unroll(disable)
    for (long line = 0; line < lines->count; line++)
        __builtin_prefetch((const void *)(lines->from + (uintptr_t)(line * LINE)), 0, 2);
    lines->from += sizeof(panel_block);
}

/// sums (rows, 64) = A · B for at most `TILE_ROWS` rows and one panel.
typedef void tile_function(long rows, long blocks, const kernel_quantized_block *a, long a_row,
                           const panel_block *panel, coming_lines coming, float *sums);

/// Brings lines nearer that are written soon.
INLINE void fetch_to_write(long rows, size_t width, const float *c, long c_row) {
    for (long r = 0; r < rows; r++)
        for (size_t line = 0; line < width; line += LINE)
            __builtin_prefetch((const char *)(c + r * c_row) + line, 1, 3);
}

/// Sums go through a tile of their own, which stays in the nearest cache however far apart C's rows are.
INLINE void product(tile_function *tile, long rows, long columns, long depth, const kernel_quantized_block *a,
                    long a_row, const uint8_t *quantized, float *c, long c_row) {
    const long blocks = blocks_of(depth), tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
    const panel_block *panel = (const panel_block *)quantized;
    float sums[TILE_ROWS * PANEL] __attribute__((aligned(64)));
    for (long column = 0; column < columns; column += PANEL, panel += blocks) {
        const size_t width = (size_t)smaller(PANEL, columns - column) * sizeof *c;
        for (long index = 0; index < tiles; index++) {
            const long row = index * TILE_ROWS, held = smaller(TILE_ROWS, rows - row);
            fetch_to_write(held, width, c + row * c_row + column, c_row);
            tile(held, blocks, a + row * a_row, a_row, panel,
                 lines_ahead(index, tiles, panel, blocks, column + PANEL >= columns), sums);
            for (long r = 0; r < held; r++) memcpy(c + (row + r) * c_row + column, sums + r * PANEL, width);
        }
    }
}

/// The scales of vector `v` of the columns.
INLINE void load_scales(const panel_block *from, int v, lanes *scales) {
    const half_lanes halves = *(const half_lanes *)(from->scales + v * LANES);
    *scales = (lanes)(__builtin_convertvector(halves, word_lanes) << 16);
}

static void plain_tile(long rows, long blocks, const kernel_quantized_block *a, long a_row, const panel_block *panel,
                       coming_lines coming, float *sums) {
    memset(sums, 0, (size_t)(rows * PANEL) * sizeof *sums);
    for (long b = 0; b < blocks; b++, panel++) {
        fetch(&coming);
        for (long r = 0; r < rows; r++) {
            const kernel_quantized_block *left = a + r * a_row + b;
            for (int v = 0; v < VECTORS; v++) {
                int_lanes sum = (int_lanes){0} + left->start;
                for (int q = 0; q < BLOCK_QUADS; q++) {
                    const word_lanes words = *(const word_lanes *)panel->quads[q][v * LANES];
                    for (int i = 0; i < QUAD; i++)
                        sum += (int_lanes)(words >> (8 * i) & 0xffu) * left->numbers[q * QUAD + i];
                }
                lanes scales, *to = (lanes *)(sums + r * PANEL + v * LANES);
                load_scales(panel, v, &scales);
                *to = __builtin_elementwise_fma(__builtin_convertvector(sum, lanes), scales * left->scale, *to);
            }
        }
    }
}

void kernel_quantized_product_plain(long rows, long columns, long depth, const kernel_quantized_block *a, long a_row,
                                    const uint8_t *quantized, float *c, long c_row) {
    product(plain_tile, rows, columns, depth, a, a_row, quantized, c, c_row);
}

#if defined(__x86_64__)
/// The `QUAD` numbers of a row from the one at `q * QUAD` on.
static inline int32_t quad_of(const kernel_quantized_block *left, long q) {
    int32_t quad;
    memcpy(&quad, left->numbers + q * QUAD, sizeof quad);
    return quad;
}

#define NARROW __attribute__((target("arch=x86-64-v3")))

/// Columns of a vector.
enum { EIGHT = 8 };
/// Rows whose sums, with a factor's halves, fill 16 registers.
enum { NARROW_ROWS = 3 };

/// `rows` x 16 columns. `rows` is a constant where this is inlined.
///
/// Bytes are multiplied in two halves of 16 bits: the even ones of a quad and the odd ones.
NARROW static inline __attribute__((always_inline)) void
narrow_columns(const int rows, const kernel_quantized_block *a, long a_row, const panel_block *panel, int v, float *sums) {
    enum { HALVES = LANES / EIGHT };
    __m256i sum[NARROW_ROWS][HALVES];
#pragma unroll
    for (int r = 0; r < rows; r++)
#pragma unroll
        for (int h = 0; h < HALVES; h++) sum[r][h] = _mm256_set1_epi32(a[r * a_row].start);
    for (int q = 0; q < BLOCK_QUADS; q++) {
        __m256i even[HALVES], odd[HALVES];
#pragma unroll
        for (int h = 0; h < HALVES; h++) {
            const __m256i bytes = _mm256_loadu_si256((const __m256i *)panel->quads[q][v * LANES + h * EIGHT]);
            even[h] = _mm256_and_si256(bytes, _mm256_set1_epi16(0xff));
            odd[h] = _mm256_srli_epi16(bytes, 8);
        }
#pragma unroll
        for (int r = 0; r < rows; r++) {
            const __m256i left = _mm256_set1_epi32(quad_of(a + r * a_row, q));
            const __m256i left_odd = _mm256_srai_epi16(left, 8);
            const __m256i left_even = _mm256_srai_epi16(_mm256_slli_epi16(left, 8), 8);
#pragma unroll
            for (int h = 0; h < HALVES; h++) {
                const __m256i both = _mm256_add_epi32(
                    _mm256_madd_epi16(even[h], left_even), _mm256_madd_epi16(odd[h], left_odd));
                sum[r][h] = _mm256_add_epi32(sum[r][h], both);
            }
        }
    }
#pragma unroll
    for (int h = 0; h < HALVES; h++) {
        const __m128i halves = _mm_loadu_si128((const __m128i *)(panel->scales + v * LANES + h * EIGHT));
        const __m256 scales = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
#pragma unroll
        for (int r = 0; r < rows; r++) {
            float *to = sums + r * PANEL + v * LANES + h * EIGHT;
            const __m256 scale = _mm256_mul_ps(scales, _mm256_set1_ps(a[r * a_row].scale));
            _mm256_storeu_ps(to, _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[r][h]), scale, _mm256_loadu_ps(to)));
        }
    }
}

NARROW static void narrow_tile(long rows, long blocks, const kernel_quantized_block *a, long a_row,
                               const panel_block *panel, coming_lines coming, float *sums) {
    memset(sums, 0, (size_t)(rows * PANEL) * sizeof *sums);
    for (long b = 0; b < blocks; b++, panel++) {
        fetch(&coming);
        for (int v = 0; v < VECTORS; v++)
            for (long r = 0; r < rows; r += NARROW_ROWS) {
                const kernel_quantized_block *left = a + r * a_row + b;
                float *to = sums + r * PANEL;
                switch (smaller(NARROW_ROWS, rows - r)) {
                    case 1: narrow_columns(1, left, a_row, panel, v, to); break;
                    case 2: narrow_columns(2, left, a_row, panel, v, to); break;
                    case 3: narrow_columns(3, left, a_row, panel, v, to); break;
                }
            }
    }
}

#define WIDE __attribute__((target("arch=x86-64-v4,avx512vnni")))

/// `rows` is a constant where this is inlined.
WIDE static inline __attribute__((always_inline)) void wide_rows(const int rows, long blocks,
                                                                 const kernel_quantized_block *a, long a_row,
                                                                 const panel_block *panel, coming_lines coming,
                                                                 float *sums) {
    memset(sums, 0, (size_t)(rows * PANEL) * sizeof *sums);
    for (long b = 0; b < blocks; b++, panel++, a++) {
        fetch(&coming);
        __m512i sum[TILE_ROWS][VECTORS];
#pragma unroll
        for (int r = 0; r < rows; r++)
#pragma unroll
            for (int v = 0; v < VECTORS; v++) sum[r][v] = _mm512_set1_epi32(a[r * a_row].start);
#pragma unroll
        for (int q = 0; q < BLOCK_QUADS; q++) {
            __m512i right[VECTORS];
#pragma unroll
            for (int v = 0; v < VECTORS; v++) right[v] = _mm512_loadu_si512(panel->quads[q][v * LANES]);
#pragma unroll
            for (int r = 0; r < rows; r++) {
                const __m512i left = _mm512_set1_epi32(quad_of(a + r * a_row, q));
#pragma unroll
                for (int v = 0; v < VECTORS; v++) sum[r][v] = _mm512_dpbusd_epi32(sum[r][v], right[v], left);
            }
        }
#pragma unroll
        for (int v = 0; v < VECTORS; v++) {
            const __m256i halves = _mm256_loadu_si256((const __m256i *)(panel->scales + v * LANES));
            const __m512 scales = (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16);
#pragma unroll
            for (int r = 0; r < rows; r++) {
                float *to = sums + r * PANEL + v * LANES;
                const __m512 scale = _mm512_mul_ps(scales, _mm512_set1_ps(a[r * a_row].scale));
                _mm512_storeu_ps(to, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[r][v]), scale, _mm512_loadu_ps(to)));
            }
        }
        // Kept from block to block, the sums would take registers that whole numbers need.
        __asm__ volatile("" ::: "memory");
    }
}

WIDE static void wide_tile(long rows, long blocks, const kernel_quantized_block *a, long a_row, const panel_block *panel,
                             coming_lines coming, float *sums) {
    switch (rows) {
#define TILE(n) \
    case n: wide_rows(n, blocks, a, a_row, panel, coming, sums); break;
        TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
    }
}

int kernel_has_byte_products(void) {
    return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("x86-64-v4");
}
#else
int kernel_has_byte_products(void) { return 0; }
#endif

void kernel_quantized_product_narrow(long rows, long columns, long depth, const kernel_quantized_block *a, long a_row,
                                     const uint8_t *quantized, float *c, long c_row) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("x86-64-v3"))
        return product(narrow_tile, rows, columns, depth, a, a_row, quantized, c, c_row);
#endif
    kernel_quantized_product_plain(rows, columns, depth, a, a_row, quantized, c, c_row);
}

void kernel_quantized_product(long rows, long columns, long depth, const kernel_quantized_block *a, long a_row,
                              const uint8_t *quantized, float *c, long c_row) {
#if defined(__x86_64__)
    if (kernel_has_byte_products())
        return product(wide_tile, rows, columns, depth, a, a_row, quantized, c, c_row);
#endif
    kernel_quantized_product_narrow(rows, columns, depth, a, a_row, quantized, c, c_row);
}
