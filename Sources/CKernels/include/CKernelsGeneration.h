#ifndef CKERNELS_GENERATION_H
#define CKERNELS_GENERATION_H

#include <stdint.h>

// Kernels of the generator: the paged key/value cache, attention over it, and the statistics of a row of logits.
// Row-major float32; no allocation; no threads. A row's result depends on that row alone.
//
// A page holds `kernel_page_positions` consecutive positions of one sequence. Within a page, one key/value head of one
// layer is a block of keys followed by values, in units of four bytes. In single precision a unit is a number:
//   keys   (head_size, kernel_page_positions)       a vector of 16 positions per dimension
//   values (kernel_page_positions, value_stride)    value_stride is head_size rounded up to 16
// In bfloat16 it is a pair (see CKernelsBFloat16.h) along what is summed over, dimensions or positions:
//   keys   (pairs of head_size, kernel_page_positions)
//   values (kernel_page_positions / 2, value_stride)
// so that scores need no horizontal sums and the weighted sum of values runs along whole vectors.

enum { kernel_page_positions = 16 };

/// Units of one key/value head's block in a page.
long kernel_page_block(long head_size);
long kernel_page_block_bfloat16(long head_size);

/// Writes one position's keys and values (heads, head_size) into the blocks of its page that begin at `blocks`.
/// `slot` is the position modulo `kernel_page_positions`. Threads may write different slots of a page at once.
void kernel_page_store(const float *keys, const float *values, void *blocks, long slot, long heads, long head_size);
void kernel_page_store_bfloat16(const float *keys, const float *values, void *blocks, long slot, long heads,
                                long head_size);

/// Floats of scratch that `kernel_page_attention` and its relatives need for `positions` positions.
long kernel_page_attention_scratch(long positions, long head_size);

/// Attention of a run of consecutive rows of one sequence, for the `group` query heads that share a key/value head.
///
/// Row r stands at position first + r and sees positions 0 … first + r. `queries` and `output` point at the first of
/// the group's heads in row 0; rows are `query_stride` and `output_stride` floats apart and the heads of a group stand
/// next to one another. `pages[i]` + `offset` units is the head's block for positions 16i … 16i + 15. Scores are
/// multiplied by `scale`. Each sum runs in an order fixed by absolute position.
void kernel_page_attention(const float *queries, long query_stride, float *output, long output_stride, long rows,
                           long group, long first, const void *const *pages, long offset, long head_size, float scale,
                           float *scratch);
/// The same over bfloat16 pages; queries and softmax weights are rounded to bfloat16 too.
void kernel_page_attention_bfloat16(const float *queries, long query_stride, float *output, long output_stride,
                                    long rows, long group, long first, const void *const *pages, long offset,
                                    long head_size, float scale, float *scratch);
/// The same bits with the processor's instruction for products of bfloat16, if it has it, and without: see
/// `kernel_bfloat16_product`.
void kernel_page_attention_bfloat16_native(const float *queries, long query_stride, float *output, long output_stride,
                                           long rows, long group, long first, const void *const *pages, long offset,
                                           long head_size, float scale, float *scratch);
void kernel_page_attention_bfloat16_plain(const float *queries, long query_stride, float *output, long output_stride,
                                          long rows, long group, long first, const void *const *pages, long offset,
                                          long head_size, float scale, float *scratch);

/// The largest of n > 0 values, and in `index` the first place it stands at.
float kernel_largest(const float *x, long n, long *index);

/// weights = e^((logits - largest) / temperature), n values; returns their sum.
///
/// `weights` may be null when only the sum is wanted. Not a number comes back for logits that hold one, or whose
/// largest is infinite.
double kernel_token_weights(const float *logits, float *weights, long n, float largest, float temperature);

/// Writes the indices of the weights that reach `threshold`, in order, and returns how many there are. `indices` holds
/// up to n.
long kernel_at_least(const float *weights, long n, float threshold, int32_t *indices);

#endif
