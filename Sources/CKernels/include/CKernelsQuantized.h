#ifndef CKERNELS_QUANTIZED_H
#define CKERNELS_QUANTIZED_H

#include "CKernelsBFloat16.h"

// Products with weights of eight bits: half of bfloat16's bytes, for whoever waits for memory.
//
// 32 values that follow one another along the depth, from a multiple of 32 on, are a block: whole numbers from -127 to
// 127 and one scale, the largest magnitude over 127, rounded to bfloat16. A scale below 2^-126 is zero, and its block's
// numbers are too. A block with a value that is not finite has no number for a scale, nor then for a value.
//
// Like other right factors they lie in panels of 64 columns, one after the other: for each block 64 scales, then 16
// pairs of 64 columns. A depth is completed with zeros.

enum { kernel_block_depth = 32, kernel_block_bytes = kernel_panel_columns * (2 + kernel_block_depth) };

/// Bytes of a right factor (depth, columns).
static inline long kernel_quantized_bytes(long depth, long columns) {
    return (columns + kernel_panel_columns - 1) / kernel_panel_columns *
           ((depth + kernel_block_depth - 1) / kernel_block_depth) * kernel_block_bytes;
}

/// The right factor xᵀ, where x is (columns, depth).
void kernel_quantized_of_columns(const float *x, long x_row, uint8_t *quantized, long depth, long columns);
/// y (columns, depth), the values that the factor stands for: number times scale, which is exact where it is finite. Rows
/// are y_row floats apart. No product needs it: it tells what the weights have become.
void kernel_values_of_quantized(const uint8_t *quantized, float *y, long y_row, long depth, long columns);

/// C (rows, columns) = A (rows, pairs of depth > 0) · B. `quantized` holds B from the panel of C's first column on.
///
/// Of each element and block the products with the numbers, which are exact in bfloat16, are one chain of additions
/// from zero, as in `kernel_bfloat16_product`; the sum is scaled, rounded and added to those of the blocks before. So
/// the bits depend on the element's own row of A and column of B alone, however the call is cut, and they are the same
/// with and without the processor's instructions for it, where no partial sum of a block is below 2^-126.
void kernel_quantized_product(long rows, long columns, long depth, const uint32_t *a, long a_row,
                              const uint8_t *quantized, float *c, long c_row);
/// The same without the processor's own instructions.
void kernel_quantized_product_plain(long rows, long columns, long depth, const uint32_t *a, long a_row,
                                    const uint8_t *quantized, float *c, long c_row);

#endif
