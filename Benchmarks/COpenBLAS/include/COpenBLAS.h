#ifndef COPENBLAS_H
#define COPENBLAS_H

/// Opens OpenBLAS at run time so that its kernels can be chosen first: the copies that distributions ship do not
/// recognise recent CPUs and fall back to AVX2 kernels. Single-threaded on purpose: this program makes its own
/// parallel loop over fixed tiles.

/// 0 when the library is open; otherwise non-zero, and `openblas_error` says why. Safe to call more than once.
int openblas_open(void);
const char *openblas_error(void);
/// The kernel family in use, such as "SkylakeX", or "" before `openblas_open`.
const char *openblas_core(void);
const char *openblas_version(void);

/// Row-major C (m, n) = alpha * op(A) (m, k) * op(B) (k, n) + beta * C. `transpose` flags are 0 or 1.
void openblas_sgemm(int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                    const float *b, int ldb, float beta, float *c, int ldc);

#endif
