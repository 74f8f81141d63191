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

DISPATCHED void kernel_product(long m, long n, long k, const float *a, long a_row, long a_column, const float *b,
                               long b_row, float *c, long c_row, int accumulate) {
    long j = 0;
    for (; j + 4 * LANES <= n; j += 4 * LANES)
        column_of_tiles(4, m, k, a, a_row, a_column, b + j, b_row, c + j, c_row, accumulate);
    for (; j + 2 * LANES <= n; j += 2 * LANES)
        column_of_tiles(2, m, k, a, a_row, a_column, b + j, b_row, c + j, c_row, accumulate);
    for (; j + LANES <= n; j += LANES)
        column_of_tiles(1, m, k, a, a_row, a_column, b + j, b_row, c + j, c_row, accumulate);
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

DISPATCHED void kernel_transpose(const float *x, long x_row, float *y, long y_row, long rows, long columns) {
    enum { BLOCK = 16 };
    for (long first = 0; first < rows; first += BLOCK) {
        long last = first + BLOCK < rows ? first + BLOCK : rows;
        for (long column = 0; column < columns; column++)
            for (long row = first; row < last; row++) y[column * y_row + row] = x[row * x_row + column];
    }
}
