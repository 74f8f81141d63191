#include "lanes.h"

#include <math.h>

DISPATCHED double kernel_sum_of_squares(const float *x, long n) {
    double part[LANES] = {0};
    long i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int lane = 0; lane < LANES; lane++) part[lane] += (double)x[i + lane] * (double)x[i + lane];
    for (int lane = 0; i < n; i++, lane++) part[lane] += (double)x[i] * (double)x[i];
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int lane = 0; lane < width; lane++) part[lane] += part[lane + width];
    return part[0];
}

DISPATCHED void kernel_adamw(float *restrict weight, float *restrict first, float *restrict second,
                             const float *restrict gradient, long n, kernel_adamw_step step) {
    for (long i = 0; i < n; i++) {
        float g = gradient[i] * step.gradient_scale;
        float m = first[i] + step.first_rate * (g - first[i]);
        float v = step.beta2 * second[i] + step.second_rate * g * g;
        first[i] = m;
        second[i] = v;
        weight[i] = step.decay * weight[i] - step.step_size * m / (sqrtf(v) / step.second_correction + step.epsilon);
    }
}
