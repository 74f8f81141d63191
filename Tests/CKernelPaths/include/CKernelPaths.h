#ifndef CKERNEL_PATHS_H
#define CKERNEL_PATHS_H

#include "CKernels.h"

// The kernels of CKernels compiled once more for each instruction set, with no choice left to the processor.
//
// The folders beside this one hold nothing but a link to the kernels' sources, so a path is the code that is shipped.
// `path.h` is included before each source: it names the instruction set and gives the kernels other symbols.

/// Every function of the kernels' public headers. One that is missing here has the same symbol in two targets, and the
/// tests do not link.
#define EACH_KERNEL(K)                                                                                             \
    K(exp) K(add) K(rms_norm) K(rms_norm_backward) K(rms_norm_weight_backward) K(rotary) K(rotary_backward)        \
    K(swiglu) K(swiglu_backward) K(softmax) K(softmax_backward) K(likelihood) K(likelihood_backward) K(product)    \
    K(transpose) K(dropout_add) K(dropout_add_backward) K(sum_of_squares) K(adamw) K(linear)                       \
    K(pairs_of_rows) K(panels_of_rows) K(panels_of_columns) K(bfloat16_product)                                    \
    K(bfloat16_product_plain) K(bfloat16_product_native) K(has_bfloat16) K(pairs_outrun_floats)                    \
    K(quantized_rows) K(quantized_of_columns) K(values_of_quantized) K(quantized_product)                          \
    K(quantized_product_narrow) K(quantized_product_plain) K(has_byte_products)                                    \
    K(page_block) K(page_block_bfloat16) K(page_store) K(page_store_bfloat16) K(page_attention_scratch)            \
    K(page_attention) K(page_attention_bfloat16) K(page_attention_bfloat16_plain)                                  \
    K(page_attention_bfloat16_native) K(largest) K(token_weights) K(at_least)

/// All kernels by one path; field `name` is `kernel_name`.
typedef struct {
#define FIELD(kernel) __typeof__(kernel_##kernel) *kernel;
    EACH_KERNEL(FIELD)
#undef FIELD
} kernel_path;

/// As shipped: the loader chooses.
extern const kernel_path kernel_path_dispatched;
extern const kernel_path kernel_path_avx512, kernel_path_avx2, kernel_path_plain;

/// Whether this processor runs the path.
int kernel_path_avx512_runs(void);
int kernel_path_avx2_runs(void);

#endif
