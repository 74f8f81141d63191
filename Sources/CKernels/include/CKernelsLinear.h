#ifndef CKERNELS_LINEAR_H
#define CKERNELS_LINEAR_H

/// y (rows, outputs) = x (rows, width) · w (outputs, width)ᵀ. Rows of y are `y_stride` floats apart, those of x and w
/// stand one after the other.
///
/// An element of y is sixteen chains of multiply-adds along `width`, added pairwise in one order: its bits depend on its
/// own row of x and row of w alone, whatever stands beside them, however the call is cut, and for any vector width. A
/// CPU without fused multiply-adds rounds each product before it is added, and so gives other bits.
void kernel_linear(const float *x, const float *w, float *y, long rows, long width, long outputs, long y_stride);

#endif
