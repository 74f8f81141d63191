#include "lanes.h"

/// A tile of C: `rows` x (16 * `columns`) sums held in registers. Both are constants where this is called, so that
/// the loops over them unroll.
INLINE void tile(const int rows, const int columns, long k, const float *a, long a_row, long a_column, const float *b,
                 long b_row, float *c, long c_row, int accumulate) {
    lanes sum[6][4];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            sum[i][j] = accumulate ? *(const lanes *)(c + i * c_row + LANES * j) : (lanes){0};
    for (long p = 0; p < k; p++) {
        lanes right[4];
        for (int j = 0; j < columns; j++) right[j] = *(const lanes *)(b + p * b_row + LANES * j);
        for (int i = 0; i < rows; i++) {
            float left = a[i * a_row + p * a_column];
            for (int j = 0; j < columns; j++) sum[i][j] += left * right[j];
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) *(lanes *)(c + i * c_row + LANES * j) = sum[i][j];
}

/// All the rows of one column of tiles.
INLINE void column_of_tiles(const int columns, long m, long k, const float *a, long a_row, long a_column,
                            const float *b, long b_row, float *c, long c_row, int accumulate) {
    long i = 0;
    for (; i + 6 <= m; i += 6)
        tile(6, columns, k, a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row, accumulate);
    for (; i + 2 <= m; i += 2)
        tile(2, columns, k, a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row, accumulate);
    for (; i < m; i++)
        tile(1, columns, k, a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row, accumulate);
}

/// `column_of_tiles` of one vector of columns, which is first laid together, so that its lines fill the nearest cache
/// evenly however far apart B's rows are.
INLINE void column_laid_together(long m, long k, const float *a, long a_row, long a_column, const float *b, long b_row,
                                 float *c, long c_row, int accumulate) {
    enum { DEPTH = 192 };
    float together[DEPTH * LANES];
    for (long first = 0; first < k; first += DEPTH) {
        const long held = smaller(DEPTH, k - first);
        for (long p = 0; p < held; p++)
            *(lanes *)(together + p * LANES) = *(const lanes *)(b + (first + p) * b_row);
        column_of_tiles(1, m, held, a + first * a_column, a_row, a_column, together, LANES, c, c_row,
                        accumulate || first > 0);
    }
}

/// From this many rows on laying columns together pays.
enum { MANY_ROWS = 24 };

/// All the columns, up to `widest` vectors of them at a time.
INLINE void product(const int widest, long m, long n, long k, const float *a, long a_row, long a_column,
                    const float *b, long b_row, float *c, long c_row, int accumulate) {
    long j = 0;
#pragma unroll
    for (int columns = widest; columns > 0; columns /= 2)
        for (; j + columns * LANES <= n; j += columns * LANES)
            if (widest == 1 && m >= MANY_ROWS && k > 0)
                column_laid_together(m, k, a, a_row, a_column, b + j, b_row, c + j, c_row, accumulate);
            else
                column_of_tiles(columns, m, k, a, a_row, a_column, b + j, b_row, c + j, c_row, accumulate);
    if (j == n) return;
    for (long i = 0; i < m; i++) {
        float sum[LANES] = {0};
        if (accumulate)
            for (long column = j; column < n; column++) sum[column - j] = c[i * c_row + column];
        for (long p = 0; p < k; p++)
            for (long column = j; column < n; column++)
                sum[column - j] += a[i * a_row + p * a_column] * b[p * b_row + column];
        for (long column = j; column < n; column++) c[i * c_row + column] = sum[column - j];
    }
}

#if defined(__x86_64__)
__attribute__((target("arch=x86-64-v4"))) static void product_wide(long m, long n, long k, const float *a, long a_row,
                                                                   long a_column, const float *b, long b_row, float *c,
                                                                   long c_row, int accumulate) {
    product(4, m, n, k, a, a_row, a_column, b, b_row, c, c_row, accumulate);
}
#endif

/// For 16 registers of half the width, or a quarter: a tile's sums take 12 of the former.
DISPATCHED static void product_narrow(long m, long n, long k, const float *a, long a_row, long a_column,
                                      const float *b, long b_row, float *c, long c_row, int accumulate) {
    product(1, m, n, k, a, a_row, a_column, b, b_row, c, c_row, accumulate);
}

void kernel_product(long m, long n, long k, const float *a, long a_row, long a_column, const float *b, long b_row,
                    float *c, long c_row, int accumulate) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("x86-64-v4"))
        return product_wide(m, n, k, a, a_row, a_column, b, b_row, c, c_row, accumulate);
#endif
    product_narrow(m, n, k, a, a_row, a_column, b, b_row, c, c_row, accumulate);
}

DISPATCHED void kernel_transpose(const float *x, long x_row, float *y, long y_row, long rows, long columns) {
    enum { BLOCK = 16 };
    for (long first = 0; first < rows; first += BLOCK) {
        long last = first + BLOCK < rows ? first + BLOCK : rows;
        for (long column = 0; column < columns; column++)
            for (long row = first; row < last; row++) y[column * y_row + row] = x[row * x_row + column];
    }
}
