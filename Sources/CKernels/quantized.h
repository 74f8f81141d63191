#ifndef QUANTIZED_H
#define QUANTIZED_H

#include "bfloat16.h"

#include "CKernelsQuantized.h"

// How weights of eight bits lie in memory.

/// Four products of eight bits are summed at once.
enum { QUAD = 4 };
enum { PANEL = kernel_panel_columns, BLOCK = kernel_block_depth, BLOCK_QUADS = BLOCK / QUAD };
/// What a weight's number is raised by, so that its byte has no sign.
enum { RAISED = 128 };

/// What a panel holds of a block of the depth.
typedef struct {
    /// bfloat16.
    uint16_t scales[PANEL];
    /// Numbers, raised: of each column four that follow one another along the depth.
    uint8_t quads[BLOCK_QUADS][PANEL][QUAD];
} panel_block;

_Static_assert(sizeof(panel_block) == kernel_block_bytes, "a block has gaps");

#endif
