#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdint.h>

/// Tells the CPU that this thread waits in a loop.
static inline void kernel_pause(void) { __builtin_ia32_pause(); }

#endif
