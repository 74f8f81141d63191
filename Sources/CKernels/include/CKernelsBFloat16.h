#ifndef CKERNELS_BFLOAT16_H
#define CKERNELS_BFLOAT16_H

#include <stdint.h>

// Matrix products of bfloat16 factors with float32 sums.
//
// Two factors that follow one another along the summed dimension, the depth, are a pair: one uint32_t, the earlier
// factor in its low half. A depth that is odd ends with a zero. Rounding is to the nearest, ties to even; a value below
// 2^-126 becomes zero, as the processors that multiply bfloat16 take it.
//
// The right factor of a product lies in panels of 64 columns, one panel after the other, each (pairs, 64).

enum { kernel_panel_columns = 64 };

/// Pairs that `depth` factors make.
static inline long kernel_pairs(long depth) { return (depth + 1) / 2; }

/// Words of a right factor (depth, columns) in panels.
static inline long kernel_panel_words(long depth, long columns) {
    return (columns + kernel_panel_columns - 1) / kernel_panel_columns * kernel_panel_columns * kernel_pairs(depth);
}

/// y (rows, pairs of width) = x (rows, width): a left factor whose depth runs along x's rows. Rows are x_row floats and
/// y_row words apart.
void kernel_pairs_of_rows(const float *x, long x_row, uint32_t *y, long y_row, long rows, long width);

/// Panels of the right factor x (rows, columns), `panel_words` apart. A factor may be packed in parts: rows that follow
/// an even number of others go 64 words further on for each pair of those.
void kernel_panels_of_rows(const float *x, long x_row, uint32_t *panels, long panel_words, long rows, long columns);
/// Panels of the right factor xᵀ, where x is (columns, depth).
void kernel_panels_of_columns(const float *x, long x_row, uint32_t *panels, long depth, long columns);

/// C (rows, columns) = A (rows, pairs > 0) · B, or += when `accumulate`. `panels` holds B's panels from the one of C's first
/// column on. Pair p of row r of A is a[r * a_row + p * a_pair]: a panel whose columns are up to 64 rows of A will do,
/// one word from row to row and 64 from pair to pair.
///
/// Each element is one chain of additions along the depth, the later factor of a pair before the earlier: its bits
/// depend on its own row of A and column of B alone, however the call is cut. On x86 they are the same with and without the
/// processor's instruction for it, which is used where it is faster: a sum below 2^-126 counts as zero, as the instruction
/// takes it. One NaN is as good as another. Without AVX2, where nothing fuses a multiplication and an addition, so does a
/// product below 2^-126 before it is added; other processors than x86 keep all of them.
void kernel_bfloat16_product(long rows, long columns, long pairs, const uint32_t *a, long a_row, long a_pair,
                             const uint32_t *panels, float *c, long c_row, int accumulate);
/// The same with that instruction, if the processor has it.
void kernel_bfloat16_product_native(long rows, long columns, long pairs, const uint32_t *a, long a_row, long a_pair,
                                    const uint32_t *panels, float *c, long c_row, int accumulate);
/// The same without it.
void kernel_bfloat16_product_plain(long rows, long columns, long pairs, const uint32_t *a, long a_row, long a_pair,
                                   const uint32_t *panels, float *c, long c_row, int accumulate);
/// Whether the processor has instructions for bfloat16.
int kernel_has_bfloat16(void);
/// Whether its instruction for products of pairs outruns multiply-adds of single precision. Measured once, in microseconds:
/// some processors with the instruction take twice as long by it.
int kernel_pairs_outrun_floats(void);

#endif
