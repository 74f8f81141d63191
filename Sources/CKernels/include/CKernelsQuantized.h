#ifndef CKERNELS_QUANTIZED_H
#define CKERNELS_QUANTIZED_H

#include "CKernelsBFloat16.h"

// Products of factors of eight bits: half of bfloat16's bytes for whoever waits for memory, and more products an
// instruction where the processor multiplies bytes (AVX512_VNNI).
//
// 32 values that follow one another along the depth, from a multiple of 32 on, are a block: whole numbers from -127 to
// 127 and one scale, the largest magnitude over 127; of weights rounded to bfloat16. A scale below 2^-126 is zero, and
// its block's numbers are too. A block with a value that is not finite has no number for a scale, nor then for a value.
// A number is its value times 1 / scale, both rounded, to the nearest whole number, ties to even.

enum { kernel_block_depth = 32, kernel_block_bytes = kernel_panel_columns * (2 + kernel_block_depth) };

/// A block of a left factor's row. A depth is completed with zeros.
typedef struct {
    int8_t numbers[kernel_block_depth];
    float scale;
    /// What a sum of products begins with: -128 times the sum of the numbers, since weights are held raised by 128.
    int32_t start;
} kernel_quantized_block;

/// Whether the processor has AVX512_VNNI: 64 products of bytes an instruction.
int kernel_has_byte_products(void);

/// Rows of x (rows, depth) as a left factor; y_row blocks from one row to the next.
void kernel_quantized_rows(const float *x, long x_row, kernel_quantized_block *y, long y_row, long rows, long depth);

/// Bytes of a right factor (depth, columns). Like other right factors it lies in panels of 64 columns, one after the
/// other: for each block 64 scales, then the numbers, raised by 128, four of each column together. A depth is completed
/// with zeros.
static inline long kernel_quantized_bytes(long depth, long columns) {
    return (columns + kernel_panel_columns - 1) / kernel_panel_columns *
           ((depth + kernel_block_depth - 1) / kernel_block_depth) * kernel_block_bytes;
}

/// The right factor xᵀ, where x is (columns, depth).
void kernel_quantized_of_columns(const float *x, long x_row, uint8_t *quantized, long depth, long columns);
/// y (columns, depth), the values that the factor stands for: number times scale, which is exact where it is finite. Rows
/// are y_row floats apart. No product needs it: it tells what the weights have become.
void kernel_values_of_quantized(const uint8_t *quantized, float *y, long y_row, long depth, long columns);

/// C (rows, columns) = A (rows, depth) · B; zeros where the depth is 0. `quantized` holds B from the panel of C's first
/// column on.
///
/// Of each element and block the products of the numbers are summed exactly. The sum is multiplied by the product of both
/// scales, itself rounded, and added to those of the blocks before, from zero, in one multiply-add. So the bits depend on
/// the element's own row of A and column of B alone, however the call is cut, and are the same on every processor (on one
/// without an instruction for it, the C library makes the multiply-add). Where the scales' product is too large for a
/// number, so is the element, or it is none.
void kernel_quantized_product(long rows, long columns, long depth, const kernel_quantized_block *a, long a_row,
                              const uint8_t *quantized, float *c, long c_row);
/// The same without AVX512_VNNI; and without any of the processor's vectors but those that all have.
void kernel_quantized_product_narrow(long rows, long columns, long depth, const kernel_quantized_block *a, long a_row,
                                     const uint8_t *quantized, float *c, long c_row);
void kernel_quantized_product_plain(long rows, long columns, long depth, const kernel_quantized_block *a, long a_row,
                                    const uint8_t *quantized, float *c, long c_row);

#endif
