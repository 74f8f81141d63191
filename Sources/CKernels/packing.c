#include "bfloat16.h"

// Every form is made twice: with the processor's own rounding, where it has one, and without. The bits are the same.

enum { PANEL = kernel_panel_columns };

/// The words of two rows of factors, `earlier` and `later` along the depth.
typedef void pair_function(const lanes *earlier, const lanes *later, word_lanes *words);
/// The words along one row of `width` factors.
typedef void row_function(const float *from, uint32_t *to, long width);

INLINE void pair_lanes(const lanes *earlier, const lanes *later, word_lanes *words) {
    word_lanes low, high;
    round_lanes(earlier, &low);
    round_lanes(later, &high);
    *words = (low >> 16) | (high & 0xffff0000u);
}

INLINE void pairs_of_rows(row_function *pair_up_row, const float *x, long x_row, uint32_t *y, long y_row, long rows,
                          long width) {
    for (long r = 0; r < rows; r++) pair_up_row(x + r * x_row, y + r * y_row, width);
}

INLINE void panels_of_rows(pair_function *pair_up_lanes, const float *x, long x_row, uint32_t *panels,
                           long panel_words, long rows, long columns) {
    // Along the rows, so that two are read from end to end: their parts go to as many panels.
    for (long row = 0; row < rows; row += 2)
        for (long first = 0; first < columns; first += PANEL) {
            uint32_t *to = panels + first / PANEL * panel_words + row / 2 * PANEL;
            for (long j = first; j < first + PANEL; j += LANES, to += LANES) {
                lanes values[2] = {{0}, {0}};
                for (int part = 0; part < 2; part++) {
                    const float *from = x + (row + part) * x_row + j;
                    if (row + part >= rows || j >= columns) continue;
                    if (j + LANES <= columns) values[part] = *(const lanes *)from;
                    else load_tail(&values[part], from, columns - j, 0);
                }
                pair_up_lanes(&values[0], &values[1], (word_lanes *)to);
            }
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

INLINE void panels_of_columns(row_function *pair_up_row, const float *x, long x_row, uint32_t *panels, long depth,
                              long columns) {
    const long pairs = kernel_pairs(depth);
    for (long first = 0; first < columns; first += PANEL, panels += pairs * PANEL)
        for (long j = 0; j < PANEL; j += LANES)
            for (long pair = 0; pair < pairs; pair += LANES) {
                const long held = smaller(LANES, pairs - pair), values = smaller(2 * LANES, depth - 2 * pair);
                word_lanes words[LANES];
                for (long i = 0; i < LANES; i++) {
                    const long column = first + j + i;
                    uint32_t row[LANES] = {0};
                    if (column < columns) pair_up_row(x + column * x_row + 2 * pair, row, values);
                    memcpy(&words[i], row, sizeof row);
                }
                turn(words);
                for (long i = 0; i < held; i++) *(word_lanes *)(panels + (pair + i) * PANEL + j) = words[i];
            }
}

DISPATCHED static void plain_pairs_of_rows(const float *x, long x_row, uint32_t *y, long y_row, long rows,
                                           long width) {
    pairs_of_rows(pair_up, x, x_row, y, y_row, rows, width);
}

DISPATCHED static void plain_panels_of_rows(const float *x, long x_row, uint32_t *panels, long panel_words, long rows,
                                            long columns) {
    panels_of_rows(pair_lanes, x, x_row, panels, panel_words, rows, columns);
}

DISPATCHED static void plain_panels_of_columns(const float *x, long x_row, uint32_t *panels, long depth,
                                               long columns) {
    panels_of_columns(pair_up, x, x_row, panels, depth, columns);
}

#if defined(__x86_64__)
BFLOAT16 static inline __attribute__((always_inline)) void pair_lanes_natively(const lanes *earlier,
                                                                               const lanes *later, word_lanes *words) {
    // The earlier factors' halves come first, then the later ones': word i takes halves i and i + 16.
    const double_half_lanes halves = (double_half_lanes)_mm512_cvtne2ps_pbh((__m512)*later, (__m512)*earlier);
    *words = (word_lanes)__builtin_shufflevector(halves, halves, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23,
                                                 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

BFLOAT16 static void native_pairs_of_rows(const float *x, long x_row, uint32_t *y, long y_row, long rows, long width) {
    pairs_of_rows(pair_up_natively, x, x_row, y, y_row, rows, width);
}

BFLOAT16 static void native_panels_of_rows(const float *x, long x_row, uint32_t *panels, long panel_words, long rows,
                                           long columns) {
    panels_of_rows(pair_lanes_natively, x, x_row, panels, panel_words, rows, columns);
}

BFLOAT16 static void native_panels_of_columns(const float *x, long x_row, uint32_t *panels, long depth, long columns) {
    panels_of_columns(pair_up_natively, x, x_row, panels, depth, columns);
}
#define CHOSEN(form) (kernel_has_bfloat16() ? native_##form : plain_##form)
#else
#define CHOSEN(form) plain_##form
#endif

void kernel_pairs_of_rows(const float *x, long x_row, uint32_t *y, long y_row, long rows, long width) {
    CHOSEN(pairs_of_rows)(x, x_row, y, y_row, rows, width);
}

void kernel_panels_of_rows(const float *x, long x_row, uint32_t *panels, long panel_words, long rows, long columns) {
    CHOSEN(panels_of_rows)(x, x_row, panels, panel_words, rows, columns);
}

void kernel_panels_of_columns(const float *x, long x_row, uint32_t *panels, long depth, long columns) {
    CHOSEN(panels_of_columns)(x, x_row, panels, depth, columns);
}
