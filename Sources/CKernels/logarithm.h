#ifndef LOGARITHM_H
#define LOGARITHM_H

#include <math.h>

/// ln x for finite x > 0, within 2 units in the last place of a double, on every system alike.
///
/// x = m 2^e with m between sqrt(1/2) and sqrt(2); ln m = 2 artanh(s), s = (m - 1) / (m + 1), |s| <= 0.172, whose
/// series to s^23 errs by less than 1e-17.
static inline double natural_log(double x) {
    int exponent;
    double m = frexp(x, &exponent);
    if (m < 0.70710678118654752) {
        m *= 2;
        exponent -= 1;
    }
    double s = (m - 1) / (m + 1), square = s * s, sum = 0;
    for (int k = 23; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
    return 2 * s * sum + exponent * 0.69314718055994531;
}

#endif
