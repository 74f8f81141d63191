// Included before every source of a path. The target defines PATH_PREFIX, what the symbols begin with, and PATH_TARGET,
// the instruction set; without that it is the one that every CPU has.
#include "lanes.h"

#include "include/CKernelPaths.h"

#define OTHER_SYMBOL(kernel) \
    extern __typeof__(kernel_##kernel) kernel_##kernel __asm__(PATH_PREFIX "_kernel_" #kernel);
EACH_KERNEL(OTHER_SYMBOL)

#if defined(__x86_64__)
#undef DISPATCHED
#if defined(PATH_TARGET)
#define DISPATCHED __attribute__((target(PATH_TARGET)))
#else
#define DISPATCHED
#endif
#if !defined(PATH_ASKS_CPU)
/// What a kernel chooses by itself, it finds missing.
#define __builtin_cpu_supports(feature) 0
#endif
#endif
