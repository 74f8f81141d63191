#include "CKernelPaths.h"

#define ENTRY(kernel) .kernel = kernel_##kernel,
const kernel_path kernel_path_dispatched = {EACH_KERNEL(ENTRY)};

#define DECLARED(path, kernel) extern __typeof__(kernel_##kernel) path##_kernel_##kernel;
#define ENTRY_OF(path, kernel) .kernel = path##_kernel_##kernel,

#define DECLARED_AVX512(kernel) DECLARED(avx512, kernel)
#define ENTRY_AVX512(kernel) ENTRY_OF(avx512, kernel)
EACH_KERNEL(DECLARED_AVX512)
const kernel_path kernel_path_avx512 = {EACH_KERNEL(ENTRY_AVX512)};

#define DECLARED_AVX2(kernel) DECLARED(avx2, kernel)
#define ENTRY_AVX2(kernel) ENTRY_OF(avx2, kernel)
EACH_KERNEL(DECLARED_AVX2)
const kernel_path kernel_path_avx2 = {EACH_KERNEL(ENTRY_AVX2)};

#define DECLARED_PLAIN(kernel) DECLARED(plain, kernel)
#define ENTRY_PLAIN(kernel) ENTRY_OF(plain, kernel)
EACH_KERNEL(DECLARED_PLAIN)
const kernel_path kernel_path_plain = {EACH_KERNEL(ENTRY_PLAIN)};

#if defined(__x86_64__)
int kernel_path_avx512_runs(void) { return __builtin_cpu_supports("x86-64-v4"); }
int kernel_path_avx2_runs(void) { return __builtin_cpu_supports("x86-64-v3"); }
#else
int kernel_path_avx512_runs(void) { return 0; }
int kernel_path_avx2_runs(void) { return 0; }
#endif
